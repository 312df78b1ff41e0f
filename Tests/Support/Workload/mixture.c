/* SPDX-License-Identifier: Apache-2.0 */
/* The case of all kinds of events in one namespace, in a pseudo-random but fixed order. */

#include "workload.h"

static unsigned long next_random(void)
{
	static uint64_t state = 1;

	/* Knuth's MMIX generator, whose low bits are poor. */
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 33;
}

static void end_by_code(struct ledger *ledger, const struct options *options, unsigned long random)
{
	reap_code(&ledger->truth, start(&ledger->truth, options, work_exit_code, random),
		  random % CODES_END);
}

static void end_by_signal(struct ledger *ledger, const struct options *options,
			  unsigned long random)
{
	reap_killed(&ledger->truth, start(&ledger->truth, options, work_signal, random),
		    deadly_signal(random));
}

static void end_by_exit_group(struct ledger *ledger, const struct options *options,
			      unsigned long random)
{
	reap(&ledger->truth, start(&ledger->truth, options, work_exit_group, random), STATUS_DONE);
}

static void end_at_barrier(struct ledger *ledger, const struct options *options,
			   unsigned long random)
{
	reap(&ledger->truth, start(&ledger->truth, options, work_barrier, random), STATUS_DONE);
}

static void end_as_orphan(struct ledger *ledger, const struct options *options,
			  unsigned long random)
{
	(void)options, (void)random;
	start_orphan(&ledger->truth);
}

static void fail_to_exec(struct ledger *ledger, const struct options *options, unsigned long random)
{
	(void)options;
	try_exec(&ledger->truth, random);
}

static void just_spawn(struct ledger *ledger, const struct options *options, unsigned long random)
{
	(void)options;
	spawn(&ledger->truth, random % 3);
}

static void live_on(struct ledger *ledger, const struct options *options, unsigned long random)
{
	if (random % 3 == 0)
		start_survivor_with_threads(ledger, options, live_threaded);
	else if (random % 3 == 1)
		start_leaderless(ledger, options);
	else
		start_survivor(ledger, options, live_asleep, random);
}

typedef void kind_fn(struct ledger *ledger, const struct options *options, unsigned long random);

/* Each kind occurs once in as many rounds; the generator chooses the variant. */
static kind_fn *const kinds[] = {
	start_zombie,  end_by_code,  live_on,	     end_by_signal, end_by_exit_group,
	end_as_orphan, fail_to_exec, end_at_barrier, just_spawn,
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static void begin(struct ledger *ledger, const struct options *options)
{
	prepare_exec_failures();
	for (unsigned long i = 0; i < options->count; i++)
		kinds[i % KINDS](ledger, options, next_random());
}

/* The first round creates the mixture; the second ends the survivors. */
void round_mixture(struct ledger *ledger, const struct options *options)
{
	static bool begun;

	if (!begun) {
		begin(ledger, options);
		begun = true;
		return;
	}
	kill_survivors();
	reap_survivors(ledger);
}
