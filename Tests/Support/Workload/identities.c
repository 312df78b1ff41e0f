/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of processes that print their own identity before they do
 * anything else. Each waits for a byte on stdin before it exits, so that it can be inspected.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHER_UID = 4321, OTHER_GID = 1234 };

static const char *const namespaces[] = {"cgroup", "ipc",  "mnt",  "net",
					 "pid",	   "time", "user", "uts"};

/* Cleared by the kernel when the leader has ended. */
static atomic_int leader;

/* Prints a line, from system calls and /proc/thread-self. By system calls only, because a
 * thread without a leader may call it. */
static void say(const char *who)
{
	char line[1024], comm[17] = "", path[64];
	int length;

	prctl(PR_GET_NAME, comm);
	length = snprintf(line, sizeof(line),
			  "{\"who\":\"%s\",\"pid\":%ld,\"tid\":%ld,\"ppid\":%ld,\"uid\":%ld,"
			  "\"gid\":%ld,\"comm\":\"%s\"",
			  who, syscall(SYS_getpid), syscall(SYS_gettid), syscall(SYS_getppid),
			  syscall(SYS_getuid), syscall(SYS_getgid), comm);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++) {
		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", namespaces[i]);
		length += snprintf(line + length, sizeof(line) - length, ",\"%s_ns\":%" PRIu64,
				   namespaces[i], ns_inode(path));
	}
	length += snprintf(line + length, sizeof(line) - length, "}\n");
	if (write(STDOUT_FILENO, line, length) != length)
		fail("write");
}

static void wait_for_byte(void)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) != 1)
		fail("read");
}

static void run_child(const char *who, enum status expected, void (*work)(const char *who))
{
	pid_t child = fork();
	int status;

	if (child < 0)
		fail("fork");
	if (child == 0) {
		work(who);
		_exit(expected);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != expected)
		fail("%s did not end as planned", who);
}

static void only_forked(const char *who)
{
	say(who);
	wait_for_byte();
}

static void execed(const char *who)
{
	exec_role((const char *const[]){"identity", who, NULL});
}

void role_identity(char **argv)
{
	say(argv[1]);
	wait_for_byte();
	_exit(STATUS_EXECED);
}

/* If the user namespace has no such user, the process keeps its own. */
static void execed_as_other(const char *who)
{
	if (setresgid(OTHER_GID, OTHER_GID, OTHER_GID) < 0 && errno != EINVAL)
		fail("setresgid");
	if (setresuid(OTHER_UID, OTHER_UID, OTHER_UID) < 0 && errno != EINVAL)
		fail("setresuid");
	execed(who);
}

static int outlive_leader(void *who)
{
	while (atomic_load(&leader))
		syscall(SYS_sched_yield);
	say(who);
	/* The process keeps its leader's name. */
	prctl(PR_SET_NAME, "other-name");
	wait_for_byte();
	syscall(SYS_exit_group, STATUS_LAST);
	__builtin_unreachable();
}

static void leaderless(const char *who)
{
	static struct truth unused;

	atomic_store(&leader, 1);
	syscall(SYS_set_tid_address, &leader);
	start_thread(&unused, 0, outlive_leader, (void *)who);
	exit_thread(STATUS_LEADER);
}

void run_identities(const struct options *options)
{
	(void)options;
	say("started");
	wait_for_byte();
	run_child("forked", STATUS_DONE, only_forked);
	run_child("execed", STATUS_EXECED, execed);
	run_child("leaderless", STATUS_LAST, leaderless);
	run_child("other", STATUS_EXECED, execed_as_other);
}
