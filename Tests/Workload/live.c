/* SPDX-License-Identifier: Apache-2.0 */
/* The cases whose namespaces live on between what stdin tells them to do. */

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

static void print_ready(const struct options *options, const struct pidns *all)
{
	for (unsigned long i = 0; i < options->namespaces; i++)
		print_truth(options, all[i].ledger, NULL);
	printf("{\"ready\":true}");
	end_line();
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
	print_ready(options, all);
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "more\n") != 0) {
			errno = 0;
			fail("stdin: only \"more\" is understood");
		}
		do_rounds(all, n);
		print_ready(options, all);
	}
	for (unsigned long i = 0; i < n; i++)
		ns_finish(&all[i]);
	for (unsigned long i = 0; i < n; i++)
		print_truth(options, all[i].ledger, NULL);
	free(all);
}

void run_existing(const struct options *options)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;
	struct truth ready, after;

	ns_start(&ns, ledger, round_spawn, options);
	ready = ledger->truth;
	printf("{\"ready\":true,\"pidns\":%" PRIu64 "}", ledger->pidns);
	end_line();
	if (getchar() != EOF) {
		ns_begin_round(&ns);
		ns_end_round(&ns);
	}
	ns_finish(&ns);
	after.execs = ledger->truth.execs - ready.execs;
	after.forks = ledger->truth.forks - ready.forks;
	after.thread_starts = ledger->truth.thread_starts - ready.thread_starts;
	after.exits = ledger->truth.exits - ready.exits;
	print_truth(options, ledger, &after);
}
