/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Counts by PID namespace, and in the storage of the cgroup (of v2).
 *
 * Needs Linux 6.2.
 */
#include "mechanism.h"

enum { BPF_MAP_TYPE_CGRP_STORAGE = 32 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1, BPF_F_NO_PREALLOC = 1 };

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mechanism_counts);
} of_cgroup SEC(".maps");

static __always_inline void count_by_cgroup(struct task_struct *task, struct task_pidns *own,
					    bool is_exit)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;

	(void)own;
	add_event(bpf_cgrp_storage_get(&of_cgroup, cgroup, 0, BPF_LOCAL_STORAGE_GET_F_CREATE),
		  is_exit);
}
