/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of a healthy container's entry point. It repeats the same load in each turn, until SIGTERM,
 * or until `--seconds` are over in case the sender of SIGTERM was killed.
 *
 * Turns are `--hold-ms` apart by a clock that does not wait for them: after a late turn the next
 * ones catch up, so the number of events in a time is known.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000 };

static int64_t now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) < 0)
		fail("clock_gettime");
	return (int64_t)time.tv_sec * NANOSECONDS + time.tv_nsec;
}

/* Waits for SIGTERM until `due`; does not wait if that is over. */
static bool is_stopped(const sigset_t *stop, int64_t due)
{
	int64_t left = due - now();
	struct timespec timeout = {0};

	if (left > 0)
		timeout = (struct timespec){.tv_sec = left / NANOSECONDS,
					    .tv_nsec = left % NANOSECONDS};
	if (sigtimedwait(stop, NULL, &timeout) >= 0)
		return true;
	if (errno != EAGAIN)
		fail("sigtimedwait");
	return false;
}

static void run_steadily(const struct options *options,
			 void (*turn)(struct ledger *ledger, const struct options *options))
{
	sigset_t stop;
	struct ledger *ledger = enter_container(&stop);
	int64_t due = now(), end = due + (int64_t)options->seconds * NANOSECONDS;

	report_ready(options, ledger);
	do {
		turn(ledger, options);
		due += (int64_t)options->milliseconds * (NANOSECONDS / 1000);
	} while (due < end && !is_stopped(&stop, due));
	kill_survivors();
	reap_survivors(ledger);
	leave_container(options, ledger);
}

static void turn_nothing(struct ledger *ledger, const struct options *options)
{
	(void)ledger, (void)options;
}

void run_idle(const struct options *options)
{
	run_steadily(options, turn_nothing);
}

static void work_crash(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	limit_cores(0);
	kill(getpid(), SIGSEGV);
}

static void turn_crash(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++)
		reap_killed(&ledger->truth, start(&ledger->truth, options, work_crash, i), SIGSEGV);
}

void run_crash_loop(const struct options *options)
{
	run_steadily(options, turn_crash);
}

static void work_well(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	_exit(0);
}

static void turn_fork(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++)
		reap_code(&ledger->truth, start(&ledger->truth, options, work_well, i), 0);
}

void run_fork_storm(const struct options *options)
{
	run_steadily(options, turn_fork);
}

/* The children exceed the container's memory limit. */
static void turn_allocate(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++) {
		reap_killed(&ledger->truth, start(&ledger->truth, options, work_allocate, i),
			    SIGKILL);
		add(&ledger->truth.oom_kills, 1);
	}
}

void run_oom_loop(const struct options *options)
{
	run_steadily(options, turn_allocate);
}

/* Only in the first turn. */
static void turn_zombies(struct ledger *ledger, const struct options *options)
{
	if (ledger->live.zombies == 0)
		for (unsigned long i = 0; i < options->count; i++)
			start_zombie(ledger, options, 0);
}

void run_zombies(const struct options *options)
{
	run_steadily(options, turn_zombies);
}

/* One more process with threads in each turn. */
static void turn_threads(struct ledger *ledger, const struct options *options)
{
	start_survivor_with_threads(ledger, options, live_threaded);
}

void run_thread_growth(const struct options *options)
{
	run_steadily(options, turn_threads);
}
