/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of namespaces that are entered or held open from outside. */

#define _GNU_SOURCE
#include "workload.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static void path_of_namespace(const struct pidns *ns, char path[32])
{
	snprintf(path, 32, "/proc/%d/ns/pid", ns->init);
}

static void round_nothing(struct ledger *ledger, const struct options *options)
{
	(void)ledger, (void)options;
}

/* The children are in the namespace, and their parent is not. */
void run_setns(const struct options *options)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;
	char path[32];

	ns_start(&ns, ledger, round_nothing, options);
	path_of_namespace(&ns, path);
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0 || setns(file, CLONE_NEWPID) < 0)
		fail("setns(%s)", path);
	spawn(&ledger->truth, options->count);
	ns_finish(&ns);
	print_truth(options, ledger, NULL);
}

/* A file that exists whenever the workload can run. */
static const char mount_point[] = "/proc/version";

void run_bind_mount(const struct options *options)
{
	struct ledger *ledger = new_ledgers(1);
	struct pidns ns;
	char path[32];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/proc", NULL, MS_PRIVATE, NULL) < 0)
		fail("a private mount namespace");
	ns_start(&ns, ledger, round_spawn, options);
	ns_begin_round(&ns);
	ns_end_round(&ns);
	path_of_namespace(&ns, path);
	if (mount(path, mount_point, NULL, MS_BIND, NULL) < 0)
		fail("bind mount of %s", path);
	ns_finish(&ns);
	print_truth(options, ledger, NULL);
	print_ready();
	wait_for_end_of_stdin();
	if (umount(mount_point) < 0)
		fail("umount");
}
