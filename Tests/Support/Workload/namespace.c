/* SPDX-License-Identifier: Apache-2.0 */
/* A new PID namespace: its init, the rounds of work, and its truth. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t ns_inode(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		fail("%s", path);
	return status.st_ino;
}

struct ledger *new_ledgers(unsigned long n)
{
	struct ledger *ledgers = mmap(NULL, n * sizeof(*ledgers), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ledgers == MAP_FAILED)
		fail("mmap");
	return ledgers;
}

static void send_byte(int control)
{
	if (send(control, "", 1, MSG_NOSIGNAL) != 1)
		fail("send");
}

/* Returns false at the end of the stream, when the other side has ended or is finished. */
static bool receive_byte(int control)
{
	char byte;
	ssize_t n = recv(control, &byte, 1, 0);

	if (n < 0)
		fail("recv");
	return n == 1;
}

static _Noreturn void run_init(int control, struct ledger *ledger, round_fn *round,
			       const struct options *options)
{
	char byte;

	/* The creator may die before the prctl. Its PID is 0 in here, so getppid does not help;
	 * but an exiting process closes its files before it signals its children: if the signal
	 * was sent before the prctl, the socket has ended. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		fail("prctl");
	if (recv(control, &byte, 1, MSG_DONTWAIT) == 0)
		_exit(STATUS_FAILED);

	ledger->pidns = ns_inode("/proc/self/ns/pid");
	ledger->truth.forks = 1; /* this init */
	ledger->live = (struct live){.processes = 1, .threads = 1};
	send_byte(control);
	while (receive_byte(control)) {
		round(ledger, options);
		send_byte(control);
	}
	_exit(STATUS_DONE);
}

void ns_start(struct pidns *ns, struct ledger *ledger, round_fn *round,
	      const struct options *options)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("socketpair");
	/* fork has no flags and clone needs a stack, hence the system call. */
	pid_t init = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);

	if (init < 0)
		fail("clone(CLONE_NEWPID)");
	if (init == 0) {
		close(pair[0]);
		run_init(pair[1], ledger, round, options);
	}
	close(pair[1]);
	*ns = (struct pidns){.init = init, .control = pair[0], .ledger = ledger};
	/* The init's first byte. Later namespaces inherit copies of this socket, which would keep
	 * it open: wait until the init no longer needs its end. */
	ns_end_round(ns);
}

void ns_begin_round(struct pidns *ns)
{
	send_byte(ns->control);
}

void ns_end_round(struct pidns *ns)
{
	if (!receive_byte(ns->control)) {
		struct truth unused = {0};

		/* If the init failed, this reports its reason. */
		reap(&unused, ns->init, STATUS_DONE);
		errno = 0;
		fail("the init of a namespace ended early");
	}
}

static void ns_ended(struct pidns *ns)
{
	ns->ledger->live = (struct live){0};
	close(ns->control);
}

void ns_finish(struct pidns *ns)
{
	/* Not close: later namespaces may have copies of this socket. */
	if (shutdown(ns->control, SHUT_WR) < 0)
		fail("shutdown");
	reap(&ns->ledger->truth, ns->init, STATUS_DONE);
	ns_ended(ns);
}

void ns_reap_killed(struct pidns *ns, int signal)
{
	reap_killed(&ns->ledger->truth, ns->init, signal);
	ns_ended(ns);
}

void ns_kill(struct pidns *ns)
{
	if (kill(ns->init, SIGKILL) < 0)
		fail("kill");
	ns_reap_killed(ns, SIGKILL);
}
