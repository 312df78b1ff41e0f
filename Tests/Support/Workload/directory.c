/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary directory without a path, which needs no removal. */

#define _GNU_SOURCE
#include "workload.h"

#include <sys/syscall.h>
#include <unistd.h>

/* linux/mount.h has them, but conflicts with sys/mount.h. */
enum { CONFIG_CREATE = 6 };

/* A tmpfs that is mounted nowhere: it exists while it is the current directory of a process. */
void enter_temporary_directory(void)
{
	int context = syscall(SYS_fsopen, "tmpfs", 0);

	if (context < 0)
		fail("fsopen(tmpfs)");
	if (syscall(SYS_fsconfig, context, CONFIG_CREATE, NULL, NULL, 0) < 0)
		fail("fsconfig(tmpfs)");
	int mount = syscall(SYS_fsmount, context, 0, 0);

	if (mount < 0)
		fail("fsmount(tmpfs)");
	if (fchdir(mount) < 0)
		fail("fchdir");
	close(mount);
	close(context);
}
