/* SPDX-License-Identifier: Apache-2.0 */
/* A memory cgroup of v1 or v2, at the root of the mounted hierarchy. */

#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether a list with commas or blanks contains `word`. */
static bool has_word(char *list, const char *word)
{
	char *rest = NULL;

	for (char *w = strtok_r(list, ", \n", &rest); w; w = strtok_r(NULL, ", \n", &rest))
		if (strcmp(w, word) == 0)
			return true;
	return false;
}

static bool v2_has_memory(const char *mount)
{
	char path[512], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", mount);
	file = fopen(path, "re");
	if (!file)
		return false;
	bool found = fgets(line, sizeof(line), file) && has_word(line, "memory");

	fclose(file);
	return found;
}

/* Finds the mount of the memory controller, which is in one hierarchy only. */
static bool find_memory(char mount[128], bool *v2)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[4096], type[32], options[1024];
	bool found = false;

	if (!mounts)
		fail("/proc/self/mountinfo");
	while (!found && fgets(line, sizeof(line), mounts)) {
		/* ID, parent, device, root, MOUNT POINT, options, … - TYPE, source, OPTIONS */
		char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*s %*s %*s %*s %127s", mount) != 1 ||
		    sscanf(dash, " - %31s %*s %1023s", type, options) != 2)
			continue;
		*v2 = strcmp(type, "cgroup2") == 0;
		if (*v2)
			found = v2_has_memory(mount);
		else if (strcmp(type, "cgroup") == 0)
			found = has_word(options, "memory");
	}
	fclose(mounts);
	return found;
}

/* Returns false, with errno, if the file is missing or rejects the text. */
static bool write_file(const char *folder, const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool written = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
	int error = errno;

	if (file >= 0)
		close(file);
	errno = error;
	return written;
}

void cgroup_write(const struct cgroup *cgroup, const char *file, const char *text)
{
	if (!write_file(cgroup->path, file, text))
		fail("%s/%s", cgroup->path, file);
}

static void limit(const struct cgroup *cgroup, uint64_t bytes)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	cgroup_write(cgroup, cgroup->v2 ? "memory.max" : "memory.limit_in_bytes", text);
	/* Without swap. The files exist only if swap is accounted for. */
	if (cgroup->v2) {
		write_file(cgroup->path, "memory.swap.max", "0");
	} else {
		write_file(cgroup->path, "memory.memsw.limit_in_bytes", text);
		write_file(cgroup->path, "memory.swappiness", "0");
	}
}

static _Noreturn void remove_when_all_are_gone(const struct cgroup *cgroup, int alive)
{
	char byte;

	/* Not in the process group that is killed with the workload, and without its stdout. */
	setsid();
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (read(alive, &byte, 1) != 0)
		fail("the pipe of a cgroup");
	/* Killed processes may leave it with a delay. */
	for (int i = 0; rmdir(cgroup->path) < 0; i++) {
		if (errno != EBUSY || i == 5000)
			fail("%s", cgroup->path);
		sleep_ms(1);
	}
	_exit(0);
}

/* A process removes the cgroup when the last process that inherited the pipe has ended: the
 * workload and its children, however they end. */
static void leave_removal(struct cgroup *cgroup)
{
	int alive[2];

	if (pipe(alive) < 0)
		fail("pipe");
	cgroup->remover = fork();
	if (cgroup->remover < 0)
		fail("fork");
	if (cgroup->remover == 0) {
		close(alive[1]);
		remove_when_all_are_gone(cgroup, alive[0]);
	}
	close(alive[0]);
	cgroup->alive = alive[1];
}

void cgroup_make(struct cgroup *cgroup, uint64_t bytes, bool only_v2)
{
	char mount[128];

	if (!find_memory(mount, &cgroup->v2) || (only_v2 && !cgroup->v2)) {
		fprintf(stderr, "pidns-workload: no memory controller of cgroup %sis mounted\n",
			only_v2 ? "v2 " : "");
		exit(STATUS_UNABLE);
	}
	/* Not disabled again: other cgroups may use it by now. */
	if (cgroup->v2 && !write_file(mount, "cgroup.subtree_control", "+memory"))
		fail("%s/cgroup.subtree_control", mount);
	snprintf(cgroup->path, sizeof(cgroup->path), "%s/pidns-workload-%d", mount, getpid());
	if (mkdir(cgroup->path, 0755) < 0)
		fail("%s", cgroup->path);
	leave_removal(cgroup);
	limit(cgroup, bytes);
}

void cgroup_remove(const struct cgroup *cgroup)
{
	int status;

	close(cgroup->alive);
	if (waitpid(cgroup->remover, &status, 0) < 0)
		fail("waitpid");
	if (status != 0)
		_exit(STATUS_FAILED);
}

void cgroup_join(const struct cgroup *cgroup)
{
	cgroup_write(cgroup, "cgroup.procs", "0");
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
	const char *name = cgroup->v2 ? "memory.events" : "memory.oom_control";
	char path[512], key[32];
	uint64_t value, kills = UINT64_MAX;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", cgroup->path, name);
	file = fopen(path, "re");
	if (!file)
		fail("%s", path);
	while (fscanf(file, "%31s %" SCNu64, key, &value) == 2)
		if (strcmp(key, "oom_kill") == 0)
			kills = value;
	fclose(file);
	errno = 0;
	if (kills == UINT64_MAX)
		fail("%s has no oom_kill", path);
	return kills;
}
