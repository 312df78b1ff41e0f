/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of a process P of namespace A whose children are members of another namespace, B:
 *
 *   workload ── init of A ── P ─┬─ init of B (waits until the others are done)
 *                               └─ others of B, one at a time
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* P, from unshare to its first exec. */
static _Noreturn void unshare_and_exec(int report, unsigned long count)
{
	char count_text[24], report_text[12];

	if (unshare(CLONE_NEWPID) < 0)
		fail("unshare(CLONE_NEWPID)");
	snprintf(count_text, sizeof(count_text), "%lu", count);
	snprintf(report_text, sizeof(report_text), "%d", report);
	exec_role((const char *const[]){"unshared", count_text, report_text, NULL});
}

/* The init of B: waits for the end of the pipe argv[1]. */
void role_wait(char **argv)
{
	char byte;

	if (read(atoi(argv[1]), &byte, 1) != 0)
		fail("the pipe of a waiting init");
	_exit(STATUS_EXECED);
}

/* P, from its first exec on: does the work of B, reports B's truth to A's init, and execs again. */
void role_unshared(char **argv)
{
	unsigned long count = strtoul(argv[1], NULL, 10);
	int report = atoi(argv[2]);
	struct ledger b = {0};
	char gate_text[12];
	int gate[2];

	if (pipe(gate) < 0)
		fail("pipe");
	snprintf(gate_text, sizeof(gate_text), "%d", gate[0]);
	pid_t init = fork();

	if (init == 0) {
		close(gate[1]);
		exec_role((const char *const[]){"wait", gate_text, NULL});
	}
	count_fork(&b.truth, init);
	b.pidns = ns_inode("/proc/self/ns/pid_for_children");
	if (fcntl(gate[1], F_SETFD, FD_CLOEXEC) < 0)
		fail("fcntl");
	spawn(&b.truth, count - 1);
	close(gate[1]);
	reap(&b.truth, init, STATUS_EXECED);
	if (write(report, &b, sizeof(b)) != sizeof(b))
		fail("write");
	exec_exit();
}

/* A's init; `ledgers` are those of A and B. */
static void round_unshare(struct ledger *ledgers, const struct options *options)
{
	struct ledger *a = &ledgers[0], *b = &ledgers[1];
	int report[2];

	if (pipe(report) < 0)
		fail("pipe");
	pid_t p = fork();

	if (p == 0)
		unshare_and_exec(report[1], options->count);
	count_fork(&a->truth, p);
	close(report[1]);
	size_t got = 0;
	ssize_t n;

	/* A report is larger than an atomic pipe write, so it may arrive in parts. */
	while (got < sizeof(*b) && (n = read(report[0], (char *)b + got, sizeof(*b) - got)) > 0)
		got += n;
	close(report[0]);
	reap(&a->truth, p, STATUS_EXECED);
	errno = 0;
	if (got != sizeof(*b))
		fail("no report from the process that unshared");
	add(&a->truth.execs, 1); /* the exec after which P wrote the report */
}

void run_unshare(const struct options *options)
{
	struct ledger *ledgers = new_ledgers(2);
	struct pidns a;

	ns_start(&a, ledgers, round_unshare, options);
	ns_begin_round(&a);
	ns_end_round(&a);
	ns_finish(&a);
	print_truth(options, &ledgers[0], NULL);
	print_truth(options, &ledgers[1], NULL);
}
