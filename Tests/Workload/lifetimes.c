/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of processes of known lifetimes.
 *
 * A lifetime is measured by who forks and waits: from before the fork to after the wait. That is
 * longer than what the kernel knows, so each process also measures itself, which is shorter: if
 * the two do not fall into the same bucket, nothing is certain, and the case fails.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Powers of four, as an exposition spells them. */
static const char *const le[LIFETIME_BUCKETS] = {"0.0009765625", "0.00390625", "0.015625", "0.0625",
						 "0.25",	 "1.0",	       "4.0",	   "16.0",
						 "64.0",	 "256.0"};

/*
 * The middles of buckets, the longest first: the others fit into its time. The shorter they are,
 * the fewer live at a time, so that they neither wait for a processor nor end while the init is
 * busy with others.
 */
static const struct {
	long milliseconds;
	unsigned long at_once;
} classes[] = {{2000, ULONG_MAX}, {500, ULONG_MAX}, {120, 64}, {30, 16}, {8, 4}};
enum { CLASSES = sizeof(classes) / sizeof(*classes) };

struct process {
	pid_t pid; /* 0 once reaped */
	int class;
	double begin; /* before its fork */
	double lived; /* as it has measured itself */
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
	errno = 0;
	if (bucket_of(at_least) != bucket_of(at_most))
		fail("too busy a machine: a lifetime may be %f s or %f s", at_least, at_most);
	lifetimes->sum += at_most;
	lifetimes->count++;
	lifetimes->buckets[bucket_of(at_most)]++;
}

/* In memory that the children share; `started` of them are in use. */
static struct process *processes;
static unsigned long started, alive[CLASSES];

static void start_one(struct truth *truth, int class)
{
	struct process *process = &processes[started++];

	process->class = class;
	process->begin = now();
	pid_t child = fork();

	if (child == 0) {
		double begin = now();

		sleep_ms(classes[class].milliseconds);
		process->lived = now() - begin;
		_exit(0);
	}
	count_fork(truth, child);
	process->pid = child;
	alive[class]++;
}

/* Reaps one process; returns false if none has ended, or if there is none. */
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
	alive[process->class]--;
	return true;
}

static void round_lifetimes(struct ledger *ledger, const struct options *options)
{
	/* Inherited by the children: sleeps end when they should. */
	if (prctl(PR_SET_TIMERSLACK, 1) < 0)
		fail("prctl");
	for (int class = 0; class < CLASSES; class ++) {
		for (unsigned long i = class; i < options->count; i += CLASSES) {
			while (alive[class] == classes[class].at_once)
				reap_one(ledger, 0);
			start_one(&ledger->truth, class);
			while (reap_one(ledger, WNOHANG))
				;
		}
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

	printf(",\"lifetimes\":{\"sum\":%.6f,\"count\":%" PRIu64 ",\"buckets\":{", lifetimes->sum,
	       lifetimes->count);
	for (int i = 0; i < LIFETIME_BUCKETS; i++) {
		if (lifetimes->buckets[i] == 0)
			continue;
		printf("%s\"%s\":%" PRIu64, comma, le[i], lifetimes->buckets[i]);
		comma = ",";
	}
	printf("}}");
}
