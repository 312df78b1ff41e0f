/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of OOM kills, in a cgroup created for them. */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MIB = 1 << 20, LIMIT_MIB = 16 };

static struct cgroup cgroup;

/* Undoes a test runner's protection from the OOM killer, which children inherit. */
static void unprotect(void)
{
	int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, "0", 1) != 1)
		fail("oom_score_adj");
	close(file);
}

void work_allocate(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)truth, (void)options, (void)index;
	unprotect();
	for (int i = 0; i < 4 * LIMIT_MIB; i++) {
		void *more =
			mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			fail("mmap");
		memset(more, 1, MIB);
	}
	errno = 0;
	fail("a process got %d MiB where it may have %d", 4 * LIMIT_MIB, LIMIT_MIB);
}

static void work_allocate_in_cgroup(struct truth *truth, const struct options *options,
				    unsigned long index)
{
	cgroup_join(&cgroup);
	work_allocate(truth, options, index);
}

static void round_oom(struct ledger *ledger, const struct options *options)
{
	struct truth *truth = &ledger->truth;

	for (unsigned long i = 0; i < options->count; i++) {
		reap_killed(truth, start(truth, options, work_allocate_in_cgroup, i), SIGKILL);
		add(&truth->oom_kills, 1);
	}
	uint64_t kills = cgroup_oom_kills(&cgroup);

	errno = 0;
	if (kills != truth->oom_kills)
		fail("the kernel counted %" PRIu64 " OOM kills, not %lu", kills, options->count);
}

static void work_bystander(struct truth *truth, const struct options *options, unsigned long index)
{
	unprotect();
	cgroup_join(&cgroup);
	if (index % 2)
		live_threaded(truth, options, index);
	live_asleep(truth, options, index);
}

/* The last of the group exceeds the limit, and the whole group is killed. */
static void round_oom_group(struct ledger *ledger, const struct options *options)
{
	struct truth *truth = &ledger->truth;

	for (unsigned long i = 0; i + 1 < options->count; i++)
		start_survivor(ledger, options, work_bystander, i);
	reap_killed(truth, start(truth, options, work_allocate_in_cgroup, 0), SIGKILL);
	reap_survivors(ledger);
	add(&truth->oom_kills, options->count);

	/* The kernel kills its victim, then the group, and the group again if it
	 * allocates meanwhile: it counts each process again that still has memory. Here
	 * each process counts once. */
	uint64_t kills = cgroup_oom_kills(&cgroup);

	errno = 0;
	if (kills < options->count)
		fail("the kernel counted %" PRIu64 " OOM kills, not %lu", kills, options->count);
}

static void run_in_cgroup(const struct options *options, round_fn *round, bool group)
{
	cgroup_make(&cgroup, (uint64_t)LIMIT_MIB * MIB, group);
	if (group)
		cgroup_write(&cgroup, "memory.oom.group", "1");
	run_once(options, round);
	cgroup_remove(&cgroup);
}

void run_oom(const struct options *options)
{
	run_in_cgroup(options, round_oom, false);
}

void run_oom_group(const struct options *options)
{
	run_in_cgroup(options, round_oom_group, true);
}
