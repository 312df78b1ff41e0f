/* SPDX-License-Identifier: Apache-2.0 */
/* The case of failing execs, each in a vfork child, by execve and by execveat. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *too_long; /* as one argument of an exec */

static struct {
	const char *path;
	int error;
} failures[] = {
	{"missing", ENOENT},
	{"no-x", EACCES},
	{"no-program", ENOEXEC},
	{"no-x/below", ENOTDIR},
	{program, E2BIG},
	{"loop", ELOOP},
	/* A script with a missing interpreter: it fails after the kernel has opened a file. */
	{"script", ENOENT},
	{".", EACCES},
};
enum { FAILURES = sizeof(failures) / sizeof(*failures) };

static void make_file(const char *name, const char *text, mode_t mode)
{
	int file = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);

	if (file < 0 || write(file, text, strlen(text)) < 0 || fchmod(file, mode) < 0)
		fail("%s in a temporary directory", name);
	close(file);
}

void prepare_exec_failures(void)
{
	/* The kernel's limit for an argument is 32 pages. */
	size_t length = 32 * sysconf(_SC_PAGESIZE) + 1;

	too_long = malloc(length + 1);
	if (!too_long)
		fail("malloc");
	memset(too_long, 'x', length);
	too_long[length] = '\0';

	enter_temporary_directory();
	make_file("no-x", "", 0600);
	make_file("no-program", "This is no program.\n", 0700);
	make_file("script", "#!/missing/interpreter\n", 0700);
	if (symlink("loop", "loop") < 0)
		fail("symlink");
}

/* In a vfork child: the counters are shared memory, and so is errno. */
static void exec_that_fails(struct truth *truth, unsigned long kind, bool at)
{
	char *const argv[] = {"exit", failures[kind].error == E2BIG ? too_long : NULL, NULL};
	char *const environment[] = {NULL};

	if (at)
		syscall(SYS_execveat, AT_FDCWD, failures[kind].path, argv, environment, 0);
	else
		execve(failures[kind].path, argv, environment);
	if (errno != failures[kind].error)
		fail("exec of %s: not \"%s\" but", failures[kind].path,
		     strerror(failures[kind].error));
	add(&truth->exec_failures[errno], 1);
}

void try_exec(struct truth *truth, unsigned long index)
{
	/* Every other child execs in the end. */
	bool execs = index % 2 == 0;
	pid_t child = vfork();

	if (child == 0) {
		exec_that_fails(truth, index / 2 % FAILURES, index / 2 / FAILURES % 2);
		if (execs)
			exec_exit();
		_exit(STATUS_EXEC_FAILED);
	}
	count_fork(truth, child);
	reap(truth, child, execs ? STATUS_EXECED : STATUS_EXEC_FAILED);
}

void round_exec_failure(struct ledger *ledger, const struct options *options)
{
	prepare_exec_failures();
	for (unsigned long i = 0; i < options->count; i++)
		try_exec(&ledger->truth, i);
}
