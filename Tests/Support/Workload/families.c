/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of processes whose parent is not the process that forked them. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Exits a little later than its parent: certainly, because it waits for a new parent. */
static _Noreturn void outlive(pid_t parent)
{
	while (getppid() == parent)
		sleep_ms(1);
	sleep_ms(1);
	_exit(STATUS_DONE);
}

void start_orphan(struct truth *truth)
{
	pid_t numbers[2];
	int pipes[2];

	if (pipe(pipes) < 0)
		fail("pipe");
	pid_t child = fork();

	if (child == 0) {
		pid_t self = getpid(), orphan = fork();

		if (orphan == 0)
			outlive(self);
		count_fork(truth, orphan);
		if (write(pipes[1], &orphan, sizeof(orphan)) != sizeof(orphan))
			fail("write");
		_exit(STATUS_DONE);
	}
	count_fork(truth, child);
	close(pipes[1]);
	numbers[0] = child;
	errno = 0;
	if (read(pipes[0], &numbers[1], sizeof(pid_t)) != sizeof(pid_t))
		fail("no word from a child that was to fork");
	close(pipes[0]);
	for (int i = 0; i < 2; i++)
		reap(truth, numbers[i], STATUS_DONE);
}

void round_double_fork(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++)
		start_orphan(&ledger->truth);
}

static void work_subreaper(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)index;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		fail("PR_SET_CHILD_SUBREAPER");
	for (unsigned long i = 0; i < options->count; i++)
		start_orphan(truth);
	_exit(STATUS_DONE);
}

void round_subreaper(struct ledger *ledger, const struct options *options)
{
	reap(&ledger->truth, start(&ledger->truth, options, work_subreaper, 0), STATUS_DONE);
}

/* The sibling is a child of this process's parent. */
static void work_clone_parent(struct truth *truth, const struct options *options,
			      unsigned long index)
{
	/* No exit_signal: the kernel uses that of this process. */
	struct clone_args arguments = {.flags = CLONE_PARENT};
	pid_t parent = getppid();
	pid_t sibling = syscall(SYS_clone3, &arguments, sizeof(arguments));

	(void)options, (void)index;
	if (sibling == 0)
		_exit(getppid() == parent ? STATUS_DONE : STATUS_USAGE);
	count_fork(truth, sibling);
	_exit(STATUS_DONE);
}

void round_clone_parent(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++) {
		start(&ledger->truth, options, work_clone_parent, i);
		reap(&ledger->truth, -1, STATUS_DONE);
		reap(&ledger->truth, -1, STATUS_DONE);
	}
}
