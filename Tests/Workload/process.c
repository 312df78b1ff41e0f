/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: started, waited for, checked and counted. */

#include "workload.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char program[PATH_MAX];

void fail(const char *format, ...)
{
	int error = errno;
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (error)
		dprintf(STDERR_FILENO, "pidns-workload: %s: %s\n", what, strerror(error));
	else
		dprintf(STDERR_FILENO, "pidns-workload: %s\n", what);
	_exit(STATUS_FAILED);
}

void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

void exec_exit(void)
{
	exec_role((const char *const[]){"exit", NULL});
}

void exec_role(const char *const argv[])
{
	/* An empty environment is the cheapest to copy, and nothing here reads it. */
	static char *const environment[] = {NULL};

	execve(program, (char *const *)argv, environment);
	/* No message: this may be a vfork child, or a thread. Who waits for the process says it. */
	_exit(STATUS_EXEC_FAILED);
}

void count_fork(struct truth *truth, pid_t child)
{
	if (child < 0)
		fail("fork");
	add(&truth->forks, 1);
}

void reap(struct truth *truth, pid_t child, enum status expected)
{
	int status;

	if (waitpid(child, &status, 0) < 0)
		fail("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_FAILED)
		_exit(STATUS_FAILED);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != (int)expected) {
		errno = 0;
		fail("a process ended with wait status 0x%x instead of exit code %d", status,
		     expected);
	}
	add(&truth->exits, 1);
	if (expected == STATUS_EXECED)
		add(&truth->execs, 1);
}

void spawn(struct truth *truth, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		/* Both ways a process is commonly started: shells fork, posix_spawn vforks. */
		pid_t child = i % 2 ? fork() : vfork();

		if (child == 0)
			exec_exit();
		count_fork(truth, child);
		reap(truth, child, STATUS_EXECED);
	}
}

void run_processes(struct truth *truth, const struct options *options, unsigned long parallel,
		   work_fn *work, enum status expected)
{
	unsigned long reaped = 0;

	for (unsigned long started = 0; started < options->count; started++) {
		if (started - reaped == parallel) {
			reap(truth, -1, expected);
			reaped++;
		}
		pid_t child = fork();

		if (child == 0) {
			work(truth, options, started);
			_exit(STATUS_FAILED);
		}
		count_fork(truth, child);
	}
	for (; reaped < options->count; reaped++)
		reap(truth, -1, expected);
}
