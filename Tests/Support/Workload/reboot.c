/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of inits that reboot(2) ends. In a pid namespace other than the host's, it kills the
 * init, and wait() reports SIGINT (power off, halt) or SIGHUP (restart).
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	unsigned int command;
	int signal;
} reboots[] = {
	{LINUX_REBOOT_CMD_POWER_OFF, SIGINT},
	{LINUX_REBOOT_CMD_HALT, SIGINT},
	{LINUX_REBOOT_CMD_RESTART, SIGHUP},
	{LINUX_REBOOT_CMD_RESTART2, SIGHUP},
};
enum { REBOOTS = sizeof(reboots) / sizeof(*reboots) };

/* The caller. */
enum caller { INIT, THREAD_OF_INIT, OTHER_PROCESS, CALLERS };

/* Of the current namespace; processes inherit it by fork. */
static unsigned int command;
static enum caller caller;

/* In the host's namespace it would stop the machine. */
static void check_namespace(void)
{
	enum { HOST = 0xeffffffc };

	errno = 0;
	if (ns_inode("/proc/self/ns/pid") == HOST)
		fail("reboot in the host's pid namespace");
}

/* Does not write errno, because it runs in threads. */
static _Noreturn void call_reboot(void)
{
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, "");
	/* It has returned, so it failed. */
	_exit(STATUS_FAILED);
}

static int run_reboot(void *unused)
{
	(void)unused;
	call_reboot();
}

static void work_reboot(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	check_namespace();
	call_reboot();
}

static void round_reboot(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++)
		start_survivor(ledger, options, live_asleep, i);
	check_namespace();
	if (caller == INIT)
		call_reboot();
	if (caller == THREAD_OF_INIT) {
		start_thread(&ledger->truth, 0, run_reboot, NULL);
		sleep_forever();
	}
}

/*
 * The caller is in the namespace and its parent is outside, so its end is known: it exits
 * with 0, unless the exit of the init kills it first.
 */
static void reboot_from_process(const struct pidns *ns, const struct options *options)
{
	struct truth *truth = &ns->ledger->truth, unused = {0};
	pid_t parent = fork();

	if (parent < 0)
		fail("fork");
	if (parent == 0) {
		char path[32];
		int status;

		snprintf(path, sizeof(path), "/proc/%d/ns/pid", ns->init);
		int file = open(path, O_RDONLY | O_CLOEXEC);

		if (file < 0 || setns(file, CLONE_NEWPID) < 0)
			fail("setns(%s)", path);
		if (waitpid(start(truth, options, work_reboot, 0), &status, 0) < 0)
			fail("waitpid");
		if (status == W_EXITCODE(0, SIGKILL))
			count_teardown(truth, 1);
		else if (status == W_EXITCODE(0, 0))
			count_end(truth, status);
		else
			_exit(STATUS_FAILED);
		_exit(STATUS_DONE);
	}
	reap(&unused, parent, STATUS_DONE);
}

static void reboot_namespace(const struct options *options, int signal)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;

	ns_start(&ns, ledger, round_reboot, options);
	ns_begin_round(&ns);
	if (caller == OTHER_PROCESS) {
		ns_end_round(&ns);
		reboot_from_process(&ns, options);
	}
	ns_reap_killed(&ns, signal);
	count_teardown(&ledger->truth, options->count);
	print_truth(options, ledger, NULL);
}

void run_reboot_case(const struct options *options)
{
	for (int i = 0; i < REBOOTS; i++) {
		command = reboots[i].command;
		for (caller = INIT; caller < CALLERS; caller++)
			reboot_namespace(options, reboots[i].signal);
	}
}
