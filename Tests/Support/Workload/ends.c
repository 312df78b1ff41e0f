/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of exits: each exit code, each signal, SIGKILL from two sides, core dumps. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void work_exit_code(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options;
	_exit(index % CODES_END);
}

void round_exit_codes(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count * CODES_END; i++)
		reap_code(&ledger->truth, start(&ledger->truth, options, work_exit_code, i),
			  i % CODES_END);
}

/* Signals whose default action is to terminate or to dump a core; then the real-time signals. */
static const unsigned char deadly[] = {
	SIGHUP,	 SIGINT,  SIGQUIT,   SIGILL,  SIGTRAP, SIGABRT, SIGBUS,	 SIGFPE,
	SIGKILL, SIGUSR1, SIGSEGV,   SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT,
	SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,	SIGSYS,
};
enum { DEADLY = sizeof(deadly) + SIGNALS_END - KERNEL_SIGRTMIN };

int deadly_signal(unsigned long n)
{
	n %= DEADLY;
	return n < sizeof(deadly) ? deadly[n] : KERNEL_SIGRTMIN + (int)(n - sizeof(deadly));
}

void limit_cores(rlim_t bytes)
{
	struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};

	if (setrlimit(RLIMIT_CORE, &limit) < 0)
		fail("RLIMIT_CORE");
	/* A core_pattern with a pipe ignores a limit of 0. */
	if (bytes == 0 && prctl(PR_SET_DUMPABLE, 0) < 0)
		fail("PR_SET_DUMPABLE");
}

void work_signal(struct truth *truth, const struct options *options, unsigned long index)
{
	int signal = deadly_signal(index);

	(void)truth, (void)options;
	limit_cores(0);
	if (index % 2)
		kill(getpid(), signal);
	else
		syscall(SYS_tgkill, getpid(), gettid(), signal);
}

void round_signals(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count * DEADLY; i++)
		reap_killed(&ledger->truth, start(&ledger->truth, options, work_signal, i),
			    deadly_signal(i));
}

/* sigkill: the init passes pidfds to the workload, which kills the processes. */
static int way_out;

static void send_pidfd(pid_t pid)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec byte = {.iov_base = "", .iov_len = 1};
	struct msghdr message = {.msg_iov = &byte,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		fail("pidfd_open");
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	*(int *)CMSG_DATA(rights) = pidfd;
	if (sendmsg(way_out, &message, MSG_NOSIGNAL) != 1)
		fail("sendmsg");
	close(pidfd);
}

static void kill_what_comes(int from)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};

	errno = 0;
	if (recvmsg(from, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		fail("no process came to be killed");
	int pidfd = *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message));

	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
		fail("pidfd_send_signal");
	close(pidfd);
}

static void work_sleep(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	sleep_forever();
}

static void round_sigkill(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < 2 * options->count; i++) {
		pid_t child = start(&ledger->truth, options, work_sleep, i);

		if (i % 2)
			send_pidfd(child);
		else if (kill(child, SIGKILL) < 0)
			fail("kill");
		reap_killed(&ledger->truth, child, SIGKILL);
	}
}

void run_sigkill(const struct options *options)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("socketpair");
	way_out = pair[1];
	ns_start(&ns, ledger, round_sigkill, options);
	close(pair[1]);
	ns_begin_round(&ns);
	for (unsigned long i = 0; i < options->count; i++)
		kill_what_comes(pair[0]);
	ns_end_round(&ns);
	ns_finish(&ns);
	print_truth(options, ledger, NULL);
}

/* core-dump: by a SIGSEGV of the processor, and by SIGABRT. */
static int core_signal(unsigned long index)
{
	return index / 2 % 2 ? SIGABRT : SIGSEGV;
}

static void die_with_core(unsigned long index)
{
	if (core_signal(index) == SIGABRT) {
		syscall(SYS_tgkill, getpid(), gettid(), SIGABRT);
	} else {
		volatile char *forbidden =
			mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		*forbidden = 1;
	}
}

static int run_sleep(void *unused)
{
	(void)unused;
	sleep_forever();
}

/* Even ones dump a core. */
static void work_core(struct truth *truth, const struct options *options, unsigned long index)
{
	limit_cores(index % 2 ? 0 : RLIM_INFINITY);
	if (index % 8 >= 4)
		for (unsigned long slot = 0; slot < options->threads; slot++)
			start_thread(truth, slot, run_sleep, NULL);
	die_with_core(index);
}

void round_core_dump(struct ledger *ledger, const struct options *options)
{
	struct truth *truth = &ledger->truth;

	enter_temporary_directory();
	for (unsigned long i = 0; i < 2 * options->count; i++)
		reap_killed(truth, start(truth, options, work_core, i), core_signal(i));
	errno = 0;
	if (truth->core_dumps == 0)
		fail("no core was dumped: what does /proc/sys/kernel/core_pattern say?");
}
