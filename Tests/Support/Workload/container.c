/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of a container's entry point: it makes no namespace, and says the truth of the one it is
 * in.
 *
 * Somebody else, a container runtime, has made the namespace, and nobody in it can wait for this
 * process. So the last line counts its end ahead: with 0, right after that line.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAYS = 3 };

/* Ends with 0, with an error, or by a signal, in turn. */
static void work_way(struct truth *truth, const struct options *options, unsigned long index)
{
	if (index == 0)
		for (unsigned long slot = 0; slot < options->threads; slot++)
			start_thread(truth, slot, run_nothing, NULL);
	if (index % WAYS == WAYS - 1)
		kill(getpid(), SIGUSR1);
	_exit(index % WAYS ? STATUS_DONE : 0);
}

static void start_in_turn(struct truth *truth, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++) {
		pid_t child = start(truth, options, work_way, i);

		if (i % WAYS == WAYS - 1)
			reap_killed(truth, child, SIGUSR1);
		else
			reap_code(truth, child, i % WAYS ? STATUS_DONE : 0);
	}
}

/* SIGTERM, which is blocked, is what runtimes send to have a container end. */
static void hold(const sigset_t *stop, unsigned long milliseconds)
{
	struct timespec patience = {.tv_sec = milliseconds / 1000,
				    .tv_nsec = milliseconds % 1000 * 1000000};

	if (sigtimedwait(stop, NULL, &patience) < 0 && errno != EAGAIN)
		fail("sigtimedwait");
}

struct ledger *enter_container(sigset_t *stop)
{
	struct ledger *ledger = new_ledgers(1);

	sigemptyset(stop);
	sigaddset(stop, SIGTERM);
	if (sigprocmask(SIG_BLOCK, stop, NULL) < 0)
		fail("sigprocmask");
	ledger->pidns = ns_inode("/proc/self/ns/pid");
	/* The runtime's process, which came into the namespace by a fork, and executed this
	 * program. */
	ledger->truth.forks = 1;
	ledger->truth.execs = 1;
	ledger->live = (struct live){.processes = 1, .threads = 1};
	return ledger;
}

void say_ready(const struct options *options, const struct ledger *ledger)
{
	print_truth(options, ledger, NULL);
	printf("{\"ready\":true,\"pidns\":%" PRIu64 "}", ledger->pidns);
	end_line();
}

void leave_container(const struct options *options, struct ledger *ledger)
{
	count_end(&ledger->truth, 0);
	ledger->live = (struct live){0};
	print_truth(options, ledger, NULL);
}

void run_container(const struct options *options)
{
	sigset_t stop;
	struct ledger *ledger = enter_container(&stop);

	start_in_turn(&ledger->truth, options);
	spawn(&ledger->truth, options->execs);
	say_ready(options, ledger);
	hold(&stop, options->milliseconds);
	leave_container(options, ledger);
}

/* What the first container of a Kubernetes pod does: it holds the pod's namespaces, and reaps
 * orphans where the pod's containers share the pid namespace. */
void role_pause(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		fail("sigprocmask");
	while (sigwaitinfo(&signals, NULL) == SIGCHLD)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	_exit(0);
}
