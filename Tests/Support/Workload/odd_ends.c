/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of exits without exit_group and without a signal to the process: a thread that the
 * kernel kills alone (strict seccomp), and a SIGKILL to an exiting process (by a tracer, in the
 * stop of PTRACE_O_TRACEEXIT). The status of the process depends on the kernel version, so the
 * status that wait() reports is counted.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_uint leader_lives;

static int run_last(void *unused)
{
	(void)unused;
	while (atomic_load(&leader_lives) != 0)
		syscall(SYS_sched_yield);
	exit_thread(STATUS_LAST);
}

/* The calling thread may read, write and exit. Any other call kills this thread only. */
static _Noreturn void be_killed_alone(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0)
		fail("PR_SET_SECCOMP");
	for (;;)
		syscall(SYS_getppid);
}

/* Every other process has threads, which exit after the leader. */
static void work_seccomp(struct truth *truth, const struct options *options, unsigned long index)
{
	if (index % 2) {
		atomic_store(&leader_lives, 1);
		syscall(SYS_set_tid_address, &leader_lives);
		for (unsigned long slot = 0; slot < options->threads; slot++)
			start_thread(truth, slot, run_last, NULL);
	}
	be_killed_alone();
}

/* Every other process exits by exit_group. */
static void work_traced(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options;
	if (ptrace(PTRACE_TRACEME) < 0 || raise(SIGSTOP) != 0)
		fail("PTRACE_TRACEME");
	syscall(index % 2 ? SYS_exit_group : SYS_exit, STATUS_DONE);
	__builtin_unreachable();
}

static void wait_for_stop(pid_t child, int expected)
{
	int status;

	if (waitpid(child, &status, 0) < 0)
		fail("waitpid");
	errno = 0;
	if (!WIFSTOPPED(status) || status >> 8 != expected)
		fail("a traced process is in state 0x%x", status);
}

static void kill_while_exiting(pid_t child)
{
	wait_for_stop(child, SIGSTOP);
	if (ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACEEXIT) < 0 ||
	    ptrace(PTRACE_CONT, child, NULL, NULL) < 0)
		fail("ptrace");
	wait_for_stop(child, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	if (kill(child, SIGKILL) < 0)
		fail("kill");
	/* Kernels that drop the signal here (seen with 6.18) keep the process stopped. */
	if (ptrace(PTRACE_CONT, child, NULL, NULL) < 0 && errno != ESRCH)
		fail("PTRACE_CONT");
}

static void expect_one_of(int status, int code)
{
	errno = 0;
	if (status != W_EXITCODE(code, 0) && status != W_EXITCODE(0, SIGKILL))
		fail("a process ended with wait status 0x%x", status);
}

void round_odd_ends(struct ledger *ledger, const struct options *options)
{
	struct truth *truth = &ledger->truth;

	for (unsigned long i = 0; i < options->count; i++) {
		expect_one_of(reap_any(truth, start(truth, options, work_seccomp, i)), STATUS_LAST);

		pid_t traced = start(truth, options, work_traced, i);

		kill_while_exiting(traced);
		expect_one_of(reap_any(truth, traced), STATUS_DONE);
	}
}
