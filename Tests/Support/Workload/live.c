/* SPDX-License-Identifier: Apache-2.0 */
/* The cases whose namespaces live on between commands on stdin. */

#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void round_execs(struct ledger *ledger, const struct options *options)
{
	spawn(&ledger->truth, options->execs);
}

/* All namespaces work at the same time. */
static void do_rounds(struct pidns *all, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		ns_begin_round(&all[i]);
	for (unsigned long i = 0; i < n; i++)
		ns_end_round(&all[i]);
}

static void print_all(const struct options *options, const struct pidns *all)
{
	for (unsigned long i = 0; i < options->namespaces; i++)
		print_truth(options, all[i].ledger, NULL);
	print_ready();
}

void run_hold(const struct options *options)
{
	unsigned long n = options->namespaces;
	struct pidns *all = calloc(n, sizeof(*all));
	struct ledger *ledgers = new_ledgers(n);
	char line[16];

	if (!all)
		fail("calloc");
	for (unsigned long i = 0; i < n; i++)
		ns_start(&all[i], &ledgers[i], round_execs, options);
	do_rounds(all, n);
	print_all(options, all);
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "more\n") != 0) {
			errno = 0;
			fail("stdin: only \"more\" is understood");
		}
		do_rounds(all, n);
		print_all(options, all);
	}
	for (unsigned long i = 0; i < n; i++)
		ns_finish(&all[i]);
	for (unsigned long i = 0; i < n; i++)
		print_truth(options, all[i].ledger, NULL);
	free(all);
}

/* Before ready, the sleepers; then at most one round of spawns; last, the end of the sleepers. */
static void round_existing(struct ledger *ledger, const struct options *options)
{
	if (ledger->live.processes == 1) {
		for (unsigned long i = 0; i < options->count; i++)
			start_survivor(ledger, options, live_asleep, i);
		return;
	}
	spawn(&ledger->truth, options->count);
	kill_survivors();
	reap_survivors(ledger);
}

void run_existing(const struct options *options)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;

	ns_start(&ns, ledger, round_existing, options);
	ns_begin_round(&ns);
	ns_end_round(&ns);
	struct truth ready = ledger->truth;

	printf("{\"ready\":true,\"pidns\":%" PRIu64 "}", ledger->pidns);
	end_line();
	bool go = getchar() != EOF;

	if (go) {
		ns_begin_round(&ns);
		ns_end_round(&ns);
	}
	uint64_t sleepers = ledger->live.processes - 1;

	ns_finish(&ns);
	count_teardown(&ledger->truth, sleepers); /* unless they have been killed */
	struct truth after = truth_since(&ledger->truth, &ready);

	print_truth(options, ledger, &after);
}

void wait_for_end_of_stdin(void)
{
	while (getchar() != EOF)
		;
}

/* The first `round` creates the processes that live at ready, and the second ends them. */
static void run_until_end_of_stdin(const struct options *options, round_fn *round)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;

	ns_start(&ns, ledger, round, options);
	ns_begin_round(&ns);
	ns_end_round(&ns);
	print_truth(options, ledger, NULL);
	print_ready();
	wait_for_end_of_stdin();
	ns_begin_round(&ns);
	ns_end_round(&ns);
	ns_finish(&ns);
	print_truth(options, ledger, NULL);
}

static void round_states(struct ledger *ledger, const struct options *options)
{
	if (ledger->live.processes > 1) {
		kill_survivors();
		reap_survivors(ledger);
		return;
	}
	for (unsigned long i = 0; i < options->count; i++)
		start_survivor_with_threads(ledger, options, live_threaded);
	for (unsigned long i = 0; i < options->count / 2; i++)
		start_leaderless(ledger, options);
	for (unsigned long i = 0; i < options->count; i++)
		start_zombie(ledger, options, i);
}

void run_states(const struct options *options)
{
	run_until_end_of_stdin(options, round_states);
}

void run_mixture(const struct options *options)
{
	run_until_end_of_stdin(options, round_mixture);
}

void run_io_uring(const struct options *options)
{
	run_until_end_of_stdin(options, round_io_uring);
}
