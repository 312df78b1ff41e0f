/* SPDX-License-Identifier: Apache-2.0 */
/* pidns-workload: creates a known number of process events in new pid namespaces. See README.md. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct workload_case {
	const char *name;
	const char *takes; /* short names of its options */
	round_fn *round;   /* runs once in one namespace, unless there is `run` */
	void (*run)(const struct options *options);
	unsigned long count; /* the default; 0: that of most cases */
} cases[] = {
	{"spawn", "c", round_spawn, NULL, 0},
	{"fork", "c", round_fork, NULL, 0},
	{"exec-chain", "c", round_exec_chain, NULL, 0},
	{"mixed", "c", round_mixed, NULL, 0},
	{"threads-exit-group", "ctp", round_exit_group, NULL, 0},
	{"threads-barrier", "ctp", round_barrier, NULL, 0},
	{"threads-leader-first", "ctp", round_leader_first, NULL, 0},
	{"threads-exec", "ctp", round_exec, NULL, 0},
	{"threads-two-codes", "ct", round_two_codes, NULL, 0},
	{"churn", "ne", NULL, run_churn, 0},
	{"unshare", "c", NULL, run_unshare, 0},
	{"hold", "ne", NULL, run_hold, 0},
	{"background", "s", round_background, NULL, 0},
	{"existing", "c", NULL, run_existing, 0},
	{"exit-codes", "c", round_exit_codes, NULL, 1},
	{"signals", "c", round_signals, NULL, 1},
	{"sigkill", "c", NULL, run_sigkill, 0},
	{"core-dump", "ct", round_core_dump, NULL, 8},
	{"exec-failure", "c", round_exec_failure, NULL, 0},
	{"double-fork", "c", round_double_fork, NULL, 0},
	{"subreaper", "c", round_subreaper, NULL, 0},
	{"clone-parent", "c", round_clone_parent, NULL, 0},
	{"init-exits", "ct", NULL, run_init_exits, 10},
	{"init-killed", "ct", NULL, run_init_killed, 10},
	{"reboot", "c", NULL, run_reboot_case, 2},
	{"odd-ends", "ct", round_odd_ends, NULL, 0},
	{"oom", "c", NULL, run_oom, 2},
	{"oom-group", "ct", NULL, run_oom_group, 4},
	{"setns", "c", NULL, run_setns, 0},
	{"nested", "c", NULL, run_nested, 0},
	{"nested-teardown", "c", NULL, run_nested_teardown, 10},
	{"bind-mount", "c", NULL, run_bind_mount, 0},
	{"states", "ct", NULL, run_states, 10},
	{"lifetimes", "c", NULL, run_lifetimes, 1000},
	{"mixture", "ct", NULL, run_mixture, 0},
	{"io-uring", "ctp", NULL, run_io_uring, 10},
	{"container", "cteh", NULL, run_container, 0},
	{"idle", "hs", NULL, run_idle, 0},
	{"crash-loop", "chs", NULL, run_crash_loop, 1},
	{"fork-storm", "chs", NULL, run_fork_storm, 0},
	{"oom-loop", "chs", NULL, run_oom_loop, 1},
	{"zombies", "chs", NULL, run_zombies, 0},
	{"thread-growth", "ths", NULL, run_thread_growth, 0},
	{"identities", "", NULL, run_identities, 0},
};

static const struct option long_options[] = {
	{"count", required_argument, NULL, 'c'},    {"threads", required_argument, NULL, 't'},
	{"parallel", required_argument, NULL, 'p'}, {"namespaces", required_argument, NULL, 'n'},
	{"execs", required_argument, NULL, 'e'},    {"seconds", required_argument, NULL, 's'},
	{"hold-ms", required_argument, NULL, 'h'},  {NULL, 0, NULL, 0},
};

static _Noreturn void usage(const char *problem, const char *what)
{
	fprintf(stderr, "pidns-workload: %s%s\nusage: pidns-workload CASE [--option value]...\n",
		problem, what);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fprintf(stderr, "  %s", cases[i].name);
		for (const struct option *o = long_options; o->name; o++)
			if (strchr(cases[i].takes, o->val))
				fprintf(stderr, " --%s N", o->name);
		fputc('\n', stderr);
	}
	exit(STATUS_USAGE);
}

static unsigned long parse_number(const char *text)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(text, &end, 10);

	if (errno || *end || *text < '0' || *text > '9' || number < 1 || number > INT_MAX)
		usage("not a number from 1: ", text);
	return number;
}

static void parse_options(const struct workload_case *chosen, struct options *options, int argc,
			  char **argv)
{
	int name;

	while ((name = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (name == '?' || !strchr(chosen->takes, name))
			usage("wrong option for ", chosen->name);
		unsigned long number = parse_number(optarg);

		switch (name) {
		case 'c':
			options->count = number;
			break;
		case 't':
			options->threads = number;
			break;
		case 'p':
			options->parallel = number;
			break;
		case 'n':
			options->namespaces = number;
			break;
		case 'e':
			options->execs = number;
			break;
		case 's':
			options->seconds = number;
			break;
		case 'h':
			options->milliseconds = number;
			break;
		}
	}
	if (optind != argc)
		usage("unexpected: ", argv[optind]);
	if (options->threads > THREADS_MAX)
		usage("too many threads", "");
}

/* Resets inherited settings of a test runner. */
static void reset_inherited_state(void)
{
	/* The kernel's struct sigaction (SIG_DFL and no flags) and signal set. */
	static const uint64_t by_default[4], none;
	struct rlimit files;

	/*
	 * With SIGCHLD ignored there is nothing to wait for, and other ignored signals would kill
	 * nothing. Not by the C library's functions, which skip its own two signals.
	 */
	for (int i = 1; i < SIGNALS_END; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, sizeof(none));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	/* `hold` needs a socket per namespace. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	/* First, because most processes of the workload do only this. */
	if (strcmp(argv[0], "exit") == 0)
		_exit(STATUS_EXECED);

	ssize_t length = readlink("/proc/self/exe", program, PATH_MAX - 1);

	if (length < 0)
		fail("/proc/self/exe");
	program[length] = '\0';

	/* The roles that exec_role starts. */
	if (strcmp(argv[0], "chain") == 0)
		role_chain(argv);
	if (strcmp(argv[0], "unshared") == 0)
		role_unshared(argv);
	if (strcmp(argv[0], "wait") == 0)
		role_wait(argv);
	if (strcmp(argv[0], "identity") == 0)
		role_identity(argv);
	/* Started under that name from the image of a pod's sandbox. */
	if (strcmp(argv[0], "/pause") == 0)
		role_pause();

	struct options options = {.count = 100,
				  .threads = 8,
				  .parallel = 2,
				  .namespaces = 2,
				  .execs = 10,
				  .seconds = 1,
				  .milliseconds = 1};

	if (argc < 2)
		usage("which case?", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(argv[1], cases[i].name) != 0)
			continue;
		options.name = cases[i].name;
		if (cases[i].count)
			options.count = cases[i].count;
		parse_options(&cases[i], &options, argc - 1, argv + 1);
		reset_inherited_state();
		if (cases[i].run)
			cases[i].run(&options);
		else
			run_once(&options, cases[i].round);
		return 0;
	}
	usage("no such case: ", argv[1]);
}
