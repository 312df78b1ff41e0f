/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of processes of known lifetimes.
 *
 * The parent measures a lifetime from before the fork to after the wait, which is
 * longer than the kernel's. Each process also measures itself, which is shorter. If
 * both are in different buckets, the bucket is uncertain, and the truth reports that.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Powers of four, in the notation of an exposition. */
static const char *const le[LIFETIME_BUCKETS] = {"0.0009765625", "0.00390625", "0.015625", "0.0625",
						 "0.25",	 "1.0",	       "4.0",	   "16.0",
						 "64.0",	 "256.0"};

/*
 * In the lower halves of five buckets, because a busy machine only adds to a lifetime. The
 * longest come first, so that the others fit into their time.
 */
static const long classes[] = {1536, 384, 96, 24, 6};
enum { CLASSES = sizeof(classes) / sizeof(*classes) };

struct process {
	pid_t pid;    /* 0 once reaped */
	double begin; /* before its fork */
	double lived; /* its own measurement */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static int bucket_of(double seconds)
{
	int i = 0;

	while (i < LIFETIME_BUCKETS - 1 && seconds > atof(le[i]))
		i++;
	return i;
}

static void count_lifetime(struct lifetimes *lifetimes, double at_least, double at_most)
{
	lifetimes->count++;
	lifetimes->sum += at_most;
	lifetimes->sum_at_least += at_least;
	lifetimes->buckets[bucket_of(at_most)]++;
	lifetimes->uncertain += bucket_of(at_least) != bucket_of(at_most);
}

/* In memory that the children share; `started` of them are in use. */
static struct process *processes;
static unsigned long started;
static double fork_time = 1; /* seconds of the fastest fork */

static void start_one(struct truth *truth, long milliseconds)
{
	struct process *process = &processes[started++];

	process->begin = now();
	pid_t child = fork();

	if (child == 0) {
		double begin = now();

		sleep_ms(milliseconds);
		process->lived = now() - begin;
		_exit(0);
	}
	double took = now() - process->begin;

	if (took < fork_time)
		fork_time = took;
	count_fork(truth, child);
	process->pid = child;
}

/* Reaps one process; returns false if there is none to reap. */
static bool reap_one(struct ledger *ledger, int flags)
{
	int status;
	pid_t child = waitpid(-1, &status, flags);

	if (child <= 0)
		return false;
	double end = now();
	struct process *process = processes;

	while (process->pid != child)
		process++;
	errno = 0;
	if (status != 0)
		fail("a process ended with wait status 0x%x instead of 0x0", status);
	count_end(&ledger->truth, status);
	count_lifetime(&ledger->lifetimes, process->lived, end - process->begin);
	process->pid = 0;
	return true;
}

/* Reaps processes for the time of eight forks: a process that waits for a processor would live
 * too long. */
static void pace(struct ledger *ledger, const sigset_t *child_ended)
{
	double until = now() + 8 * fork_time;

	for (;;) {
		while (reap_one(ledger, WNOHANG))
			;
		double left = until - now();

		if (left <= 0)
			return;
		struct timespec timeout = {.tv_sec = left, .tv_nsec = (left - (long)left) * 1e9};

		sigtimedwait(child_ended, NULL, &timeout);
	}
}

static void round_lifetimes(struct ledger *ledger, const struct options *options)
{
	sigset_t child_ended;

	/* Inherited by the children, so that sleeps end in time. */
	if (prctl(PR_SET_TIMERSLACK, 1) < 0)
		fail("prctl");
	sigemptyset(&child_ended);
	sigaddset(&child_ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_ended, NULL);
	for (unsigned long i = 0; i < options->count; i++) {
		start_one(&ledger->truth, classes[i * CLASSES / options->count]);
		pace(ledger, &child_ended);
	}
	while (reap_one(ledger, 0))
		;
}

void run_lifetimes(const struct options *options)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;

	processes = mmap(NULL, options->count * sizeof(*processes), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (processes == MAP_FAILED)
		fail("mmap");
	double before = now();

	ns_start(&ns, ledger, round_lifetimes, options);
	double started_by = now();

	ns_begin_round(&ns);
	ns_end_round(&ns);
	double lives_at = now();

	ns_finish(&ns);
	count_lifetime(&ledger->lifetimes, lives_at - started_by, now() - before);
	print_truth(options, ledger, NULL);
}

void print_lifetimes(const struct lifetimes *lifetimes)
{
	const char *comma = "";

	printf(",\"lifetimes\":{\"sum\":%.6f,\"sum_at_least\":%.6f,\"count\":%" PRIu64
	       ",\"uncertain\":%" PRIu64 ",\"buckets\":{",
	       lifetimes->sum, lifetimes->sum_at_least, lifetimes->count, lifetimes->uncertain);
	for (int i = 0; i < LIFETIME_BUCKETS; i++) {
		if (lifetimes->buckets[i] == 0)
			continue;
		printf("%s\"%s\":%" PRIu64, comma, le[i], lifetimes->buckets[i]);
		comma = ",";
	}
	printf("}}");
}
