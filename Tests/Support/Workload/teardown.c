/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases of inits that exit, of the processes that the kernel then kills, and of nested
 * namespaces.
 *
 * No process can wait for these victims, but their end is certain. Before the init ends,
 * every survivor is settled (survivors.c) and never ends by itself; the init cannot be reaped
 * before the kernel has ended and reaped all of them. The zombie was seen to end before.
 */

#include "workload.h"

#include <errno.h>
#include <stddef.h>

/* The first two are special; the others sleep, spin or have threads, in turn. */
static void round_survivors(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++) {
		if (i == 0)
			start_zombie_parent(ledger, options);
		else if (i == 1)
			start_stopped(ledger, options);
		else if (i % 3 == 2)
			start_survivor_with_threads(ledger, options,
						    i % 2 ? live_threaded : live_threaded_spinning);
		else
			start_survivor(ledger, options, i % 3 ? live_spinning : live_asleep, i);
	}
}

static void run_survivors(const struct options *options, void (*end)(struct pidns *ns))
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;

	ns_start(&ns, ledger, round_survivors, options);
	ns_begin_round(&ns);
	ns_end_round(&ns);
	uint64_t survivors = ledger->live.processes - 1;

	end(&ns);
	count_teardown(&ledger->truth, survivors);
	print_truth(options, ledger, NULL);
}

void run_init_exits(const struct options *options)
{
	run_survivors(options, ns_finish);
}

void run_init_killed(const struct options *options)
{
	run_survivors(options, ns_kill);
}

enum { DEPTH = 3 };
static const struct ledger *deepest;

static void round_nested(struct ledger *ledger, const struct options *options)
{
	struct pidns inner;

	spawn(&ledger->truth, options->count);
	if (ledger == deepest)
		return;
	ns_start(&inner, ledger + 1, round_nested, options);
	ns_begin_round(&inner);
	ns_end_round(&inner);
	ns_finish(&inner);
}

void run_nested(const struct options *options)
{
	struct ledger *ledgers = new_ledgers(DEPTH);
	struct pidns outermost;

	deepest = ledgers + DEPTH - 1;
	ns_start(&outermost, ledgers, round_nested, options);
	ns_begin_round(&outermost);
	ns_end_round(&outermost);
	ns_finish(&outermost);
	for (int i = 0; i < DEPTH; i++)
		print_truth(options, &ledgers[i], NULL);
}

static void round_sleepers(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++)
		start_survivor(ledger, options, live_asleep, i);
}

static void round_outer(struct ledger *ledgers, const struct options *options)
{
	struct pidns inner;

	ns_start(&inner, &ledgers[1], round_sleepers, options);
	ns_begin_round(&inner);
	ns_end_round(&inner);
	round_sleepers(&ledgers[0], options);
}

void run_nested_teardown(const struct options *options)
{
	struct ledger *ledgers = new_ledgers(2);
	struct pidns outer;

	ns_start(&outer, ledgers, round_outer, options);
	ns_begin_round(&outer);
	ns_end_round(&outer);
	ns_finish(&outer);
	/* The exit of an init also ends nested namespaces with their inits. */
	count_teardown(&ledgers[0].truth, options->count);
	count_teardown(&ledgers[1].truth, 1 + options->count);
	ledgers[1].live = (struct live){0};
	print_truth(options, &ledgers[0], NULL);
	print_truth(options, &ledgers[1], NULL);
}
