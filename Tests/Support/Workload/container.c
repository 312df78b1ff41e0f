/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of a container's entry point: it creates no namespace, and prints the truth of the one
 * in which it runs.
 *
 * A container runtime has created the namespace, and no process in it can wait for this
 * one. So the last line already counts its exit with 0, which follows that line.
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

/* Exits with 0, exits with an error, or dies of a signal, in turn. */
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

/* Runtimes send SIGTERM, which is blocked, to end a container. */
static void hold(const sigset_t *stop, unsigned long milliseconds)
{
	struct timespec timeout = {.tv_sec = milliseconds / 1000,
				   .tv_nsec = milliseconds % 1000 * 1000000};

	if (sigtimedwait(stop, NULL, &timeout) < 0 && errno != EAGAIN)
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
	/* The runtime's process joined the namespace by a fork, and executed this
	 * program. */
	ledger->truth.forks = 1;
	ledger->truth.execs = 1;
	ledger->live = (struct live){.processes = 1, .threads = 1};
	return ledger;
}

void report_ready(const struct options *options, const struct ledger *ledger)
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
	report_ready(options, ledger);
	hold(&stop, options->milliseconds);
	leave_container(options, ledger);
}

/* Does the work of a pod's sandbox container: it holds the pod's namespaces, and reaps
 * orphans if the pod's containers share the pid namespace. */
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
