/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that live, or are zombies, until they are killed; the namespace's init is their parent.
 *
 * Each reports by a pipe when it has reached its state: its threads started, its leader gone.
 * After that nothing in it ends by itself, so the set of live processes is certain at any time.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct pids {
	pid_t *pids;
	size_t n;
};

static struct pids living, zombies;

static int settled_pipe; /* in a survivor: the pipe by which it reports its state */
static atomic_uint leader_lives;

static void append(struct pids *list, pid_t pid)
{
	list->pids = reallocarray(list->pids, list->n + 1, sizeof(pid));
	if (!list->pids)
		fail("reallocarray");
	list->pids[list->n++] = pid;
}

void report_settled(void)
{
	if (write(settled_pipe, "", 1) != 1)
		fail("write");
}

pid_t start_survivor(struct ledger *ledger, const struct options *options, work_fn *work,
		     unsigned long index)
{
	int pipes[2];
	char byte;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		fail("pipe");
	settled_pipe = pipes[1];
	pid_t child = start(&ledger->truth, options, work, index);

	/* Now only the child can write, and the pipe ends if it fails. */
	close(pipes[1]);
	if (read(pipes[0], &byte, 1) != 1) {
		reap(&ledger->truth, child, STATUS_DONE);
		errno = 0;
		fail("a process that should live has ended");
	}
	close(pipes[0]);
	append(&living, child);
	add(&ledger->live.processes, 1);
	add(&ledger->live.threads, 1);
	return child;
}

void start_survivor_with_threads(struct ledger *ledger, const struct options *options,
				 work_fn *work)
{
	start_survivor(ledger, options, work, 0);
	add(&ledger->live.threads, options->threads);
}

void start_leaderless(struct ledger *ledger, const struct options *options)
{
	start_survivor_with_threads(ledger, options, live_leaderless);
	ledger->live.threads--; /* the leader */
}

void start_stopped(struct ledger *ledger, const struct options *options)
{
	pid_t child = start_survivor(ledger, options, live_asleep, 0);
	int status;

	if (kill(child, SIGSTOP) < 0 || waitpid(child, &status, WUNTRACED) < 0)
		fail("stopping a process");
	errno = 0;
	if (!WIFSTOPPED(status))
		fail("a process did not stop");
}

static void work_zombie(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options;
	if (index % 3 == 2)
		kill(getpid(), SIGTERM);
	_exit(index % 3 == 1 ? STATUS_ZOMBIE : 0);
}

void start_zombie(struct ledger *ledger, const struct options *options, unsigned long index)
{
	pid_t child = start(&ledger->truth, options, work_zombie, index);

	wait_for_zombie(&ledger->truth, child);
	append(&zombies, child);
	add(&ledger->live.zombies, 1);
}

static void work_zombie_parent(struct truth *truth, const struct options *options,
			       unsigned long index)
{
	wait_for_zombie(truth, start(truth, options, work_zombie, index));
	live_asleep(truth, options, index);
}

void start_zombie_parent(struct ledger *ledger, const struct options *options)
{
	start_survivor(ledger, options, work_zombie_parent, 1);
	add(&ledger->live.zombies, 1);
}

void kill_survivors(void)
{
	for (size_t i = 0; i < living.n; i++)
		if (kill(living.pids[i], SIGKILL) < 0)
			fail("kill");
}

void reap_survivors(struct ledger *ledger)
{
	for (size_t i = 0; i < living.n; i++)
		reap_killed(&ledger->truth, living.pids[i], SIGKILL);
	for (size_t i = 0; i < zombies.n; i++)
		reap_zombie(zombies.pids[i]); /* counted when it ended */
	living.n = zombies.n = 0;
	ledger->live = (struct live){.processes = 1, .threads = 1};
}

void live_asleep(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	report_settled();
	sleep_forever();
}

static _Noreturn void spin_forever(void)
{
	for (;;)
		__asm__ volatile("");
}

void live_spinning(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	report_settled();
	spin_forever();
}

/* Threads have no errno of their own: nothing here can fail. */
static _Noreturn void sleep_in_thread(void)
{
	struct timespec hour = {.tv_sec = 3600};

	for (;;)
		syscall(SYS_nanosleep, &hour, NULL);
}

static int run_asleep(void *unused)
{
	(void)unused;
	sleep_in_thread();
}

static int run_spinning(void *unused)
{
	(void)unused;
	spin_forever();
}

/* The first thread does `first`, the others sleep. */
static void live_with_threads(struct truth *truth, const struct options *options,
			      int (*first)(void *))
{
	start_thread(truth, 0, first, NULL);
	for (unsigned long slot = 1; slot < options->threads; slot++)
		start_thread(truth, slot, run_asleep, NULL);
}

void live_threaded(struct truth *truth, const struct options *options, unsigned long index)
{
	live_with_threads(truth, options, run_asleep);
	live_asleep(truth, options, index);
}

void live_threaded_spinning(struct truth *truth, const struct options *options, unsigned long index)
{
	live_with_threads(truth, options, run_spinning);
	live_asleep(truth, options, index);
}

/* Whether the leader is a zombie. /proc/self is the process in every thread. */
static bool leader_is_zombie(void)
{
	char stat[128];
	int file = open("/proc/self/stat", O_RDONLY);
	ssize_t n = read(file, stat, sizeof(stat) - 1);

	close(file);
	if (n < 0)
		return false;
	stat[n] = '\0';
	/* The name before the state is this program's, and has no parenthesis. */
	char *name_end = strchr(stat, ')');

	return name_end && name_end[2] == 'Z';
}

/* The only thread that writes errno, after the leader no longer does. */
static int run_heir(void *unused)
{
	(void)unused;
	while (atomic_load(&leader_lives) != 0)
		syscall(SYS_sched_yield);
	while (!leader_is_zombie())
		syscall(SYS_sched_yield);
	report_settled();
	sleep_in_thread();
}

void live_leaderless(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)index;
	atomic_store(&leader_lives, 1);
	/* The kernel clears it when the leader ends. */
	syscall(SYS_set_tid_address, &leader_lives);
	live_with_threads(truth, options, run_heir);
	exit_thread(STATUS_ALONE);
}
