/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: started, waited for, checked and counted. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
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

void sleep_forever(void)
{
	for (;;)
		pause();
}

void sleep_ms(long milliseconds)
{
	struct timespec duration = {.tv_sec = milliseconds / 1000,
				    .tv_nsec = milliseconds % 1000 * 1000000};

	nanosleep(&duration, NULL);
}

void exec_exit(void)
{
	exec_role((const char *const[]){"exit", NULL});
}

void exec_role(const char *const argv[])
{
	/* An empty environment is the fastest to copy, and nothing here reads it. */
	static char *const environment[] = {NULL};

	execve(program, (char *const *)argv, environment);
	/* No message: this may be a vfork child, or a thread. The waiting process prints it. */
	_exit(STATUS_EXEC_FAILED);
}

void count_fork(struct truth *truth, pid_t child)
{
	if (child < 0)
		fail("fork");
	add(&truth->forks, 1);
}

static void expect(int status, int expected)
{
	/* The machine decides whether a core is dumped: it is counted, not expected. */
	if ((status & ~WCOREFLAG) != expected) {
		errno = 0;
		fail("a process ended with wait status 0x%x instead of 0x%x", status, expected);
	}
}

pid_t reap(struct truth *truth, pid_t child, enum status expected)
{
	int status;
	pid_t ended = waitpid(child, &status, 0);

	if (ended < 0)
		fail("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_FAILED)
		_exit(STATUS_FAILED);
	expect(status, W_EXITCODE(expected, 0));
	count_end(truth, status);
	if (expected == STATUS_EXECED)
		add(&truth->execs, 1);
	return ended;
}

int reap_any(struct truth *truth, pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) < 0)
		fail("waitpid");
	count_end(truth, status);
	return status;
}

void reap_code(struct truth *truth, pid_t child, int code)
{
	expect(reap_any(truth, child), W_EXITCODE(code, 0));
}

void reap_killed(struct truth *truth, pid_t child, int signal)
{
	expect(reap_any(truth, child), W_EXITCODE(0, signal));
}

void wait_for_zombie(struct truth *truth, pid_t child)
{
	siginfo_t info;

	if (waitid(P_PID, child, &info, WEXITED | WNOWAIT) < 0)
		fail("waitid");
	if (info.si_code == CLD_EXITED)
		count_end(truth, W_EXITCODE(info.si_status, 0));
	else
		count_end(truth, info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0));
}

void reap_zombie(pid_t zombie)
{
	if (waitpid(zombie, NULL, WNOHANG) != zombie)
		fail("waitpid for a zombie");
}

pid_t start(struct truth *truth, const struct options *options, work_fn *work, unsigned long index)
{
	pid_t child = fork();

	if (child == 0) {
		work(truth, options, index);
		_exit(STATUS_FAILED);
	}
	count_fork(truth, child);
	return child;
}

static void spawn_one(struct truth *truth, bool by_fork)
{
	pid_t child = by_fork ? fork() : vfork();

	if (child == 0)
		exec_exit();
	count_fork(truth, child);
	reap(truth, child, STATUS_EXECED);
}

void spawn(struct truth *truth, unsigned long count)
{
	/* In both common ways: shells fork, posix_spawn vforks. */
	for (unsigned long i = 0; i < count; i++)
		spawn_one(truth, i % 2);
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
		start(truth, options, work, started);
	}
	for (; reaped < options->count; reaped++)
		reap(truth, -1, expected);
}
