/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of single-threaded processes in short-lived namespaces. */

#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void do_round(const struct options *options, struct ledger *ledger, round_fn *round)
{
	struct pidns ns;

	ns_start(&ns, ledger, round, options);
	ns_begin_round(&ns);
	ns_end_round(&ns);
	ns_finish(&ns);
	print_truth(options, ledger, NULL);
}

void run_once(const struct options *options, round_fn *round)
{
	do_round(options, new_ledgers(1), round);
}

void round_spawn(struct ledger *ledger, const struct options *options)
{
	spawn(&ledger->truth, options->count);
}

static void work_nothing(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	_exit(STATUS_DONE);
}

void round_fork(struct ledger *ledger, const struct options *options)
{
	run_processes(&ledger->truth, options, 1, work_nothing, STATUS_DONE);
}

static _Noreturn void exec_chain(unsigned long left)
{
	char after[24];

	if (left == 0)
		_exit(STATUS_DONE);
	snprintf(after, sizeof(after), "%lu", left - 1);
	exec_role((const char *const[]){"chain", after, NULL});
}

void role_chain(char **argv)
{
	exec_chain(strtoul(argv[1], NULL, 10));
}

void round_exec_chain(struct ledger *ledger, const struct options *options)
{
	pid_t child = fork();

	if (child == 0)
		exec_chain(options->count);
	count_fork(&ledger->truth, child);
	reap(&ledger->truth, child, STATUS_DONE);
	/* Only the last image exits with the status above. */
	add(&ledger->truth.execs, options->count);
}

static void work_mixed(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)options;
	if (index % 10 == 0)
		for (unsigned long slot = 0; slot < 3; slot++)
			start_thread(truth, slot, run_nothing, NULL);
	exec_exit();
}

void round_mixed(struct ledger *ledger, const struct options *options)
{
	run_processes(&ledger->truth, options, 1, work_mixed, STATUS_EXECED);
}

void round_background(struct ledger *ledger, const struct options *options)
{
	struct timespec now, start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		spawn(&ledger->truth, 1);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9 <
		 options->seconds);
}

void run_churn(const struct options *options)
{
	struct options each = *options;
	struct ledger *ledger = new_ledgers(1);

	each.count = options->execs;
	for (unsigned long i = 0; i < options->namespaces; i++) {
		*ledger = (struct ledger){0};
		do_round(&each, ledger, round_spawn);
	}
}
