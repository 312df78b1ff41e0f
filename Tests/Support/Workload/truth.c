/* SPDX-License-Identifier: Apache-2.0 */
/* The ground truth: counting exits, and the line of JSON. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

void count_end(struct truth *truth, int wait_status)
{
	add(&truth->exits, 1);
	if (WIFSIGNALED(wait_status)) {
		add(&truth->signaled, 1);
		add(&truth->signals[WTERMSIG(wait_status)], 1);
		if (WCOREDUMP(wait_status))
			add(&truth->core_dumps, 1);
		return;
	}
	add(WEXITSTATUS(wait_status) ? &truth->error : &truth->completed, 1);
	add(&truth->exit_codes[WEXITSTATUS(wait_status)], 1);
}

void count_teardown(struct truth *truth, uint64_t n)
{
	add(&truth->exits, n);
	add(&truth->teardown, n);
}

struct truth truth_since(const struct truth *now, const struct truth *then)
{
	struct truth since;
	uint64_t *values = (uint64_t *)&since;

	memcpy(&since, now, sizeof(since));
	for (size_t i = 0; i < sizeof(since) / sizeof(*values); i++)
		values[i] -= ((const uint64_t *)then)[i];
	return since;
}

/* The names of kill -l and signal(7). The C library reserves the first two real-time signals. */
static const char *signal_name(int signal, char buffer[16])
{
	static const char *const names[SIGNALS_END] = {
		NULL,	    "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",  "SIGTRAP",   "SIGABRT",
		"SIGBUS",   "SIGFPE",  "SIGKILL",   "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE",
		"SIGALRM",  "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP",
		"SIGTTIN",  "SIGTTOU", "SIGURG",    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
		"SIGWINCH", "SIGIO",   "SIGPWR",    "SIGSYS",  "SIG32",	  "SIG33",     "SIGRTMIN",
	};
	enum { FIRST_REAL_TIME = 34 };

	if (names[signal])
		return names[signal];
	snprintf(buffer, 16, "SIGRTMIN+%d", signal - FIRST_REAL_TIME);
	return buffer;
}

static const char *code_name(int code, char buffer[16])
{
	snprintf(buffer, 16, "%d", code);
	return buffer;
}

static const char *errno_name(int error, char buffer[16])
{
	(void)buffer;
	return strerrorname_np(error);
}

/* Prints the counters that are not zero, by name. */
static void print_named(const char *key, const uint64_t *counters, int n,
			const char *(*name)(int, char[16]))
{
	const char *comma = "";
	char buffer[16];

	printf(",\"%s\":{", key);
	for (int i = 0; i < n; i++) {
		if (counters[i] == 0)
			continue;
		printf("%s\"%s\":%" PRIu64, comma, name(i, buffer), counters[i]);
		comma = ",";
	}
	putchar('}');
}

static void print_counts(const struct truth *truth)
{
	printf("\"execs\":%" PRIu64 ",\"forks\":%" PRIu64 ",\"thread_starts\":%" PRIu64
	       ",\"exits\":%" PRIu64 ",\"completed\":%" PRIu64 ",\"error\":%" PRIu64
	       ",\"signaled\":%" PRIu64 ",\"teardown\":%" PRIu64 ",\"core_dumps\":%" PRIu64
	       ",\"oom_kills\":%" PRIu64,
	       truth->execs, truth->forks, truth->thread_starts, truth->exits, truth->completed,
	       truth->error, truth->signaled, truth->teardown, truth->core_dumps, truth->oom_kills);
	print_named("signals", truth->signals, SIGNALS_END, signal_name);
	print_named("exit_codes", truth->exit_codes, CODES_END, code_name);
	print_named("exec_failures", truth->exec_failures, ERRORS_END, errno_name);
}

void end_line(void)
{
	putchar('\n');
	if (fflush(stdout) == EOF)
		fail("stdout");
}

void print_ready(void)
{
	printf("{\"ready\":true}");
	end_line();
}

void print_truth(const struct options *options, const struct ledger *ledger,
		 const struct truth *after_ready)
{
	printf("{\"case\":\"%s\",\"pidns\":%" PRIu64 ",", options->name, ledger->pidns);
	print_counts(&ledger->truth);
	printf(",\"processes\":%" PRIu64 ",\"threads\":%" PRIu64 ",\"zombies\":%" PRIu64,
	       ledger->live.processes, ledger->live.threads, ledger->live.zombies);
	if (ledger->lifetimes.count > 0)
		print_lifetimes(&ledger->lifetimes);
	if (after_ready) {
		printf(",\"after_ready\":{");
		print_counts(after_ready);
		putchar('}');
	}
	putchar('}');
	end_line();
}
