/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Counts by PID namespace, and in a second map by cgroup. */
#include "mechanism.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, struct mechanism_counts);
} by_cgroup SEC(".maps");

static __always_inline void count_by_cgroup(struct task_struct *task, struct task_pidns *own,
					    bool is_exit)
{
	struct css_set *set = task->cgroups;
	__u64 cgroup = cgroup_of(set, set->dfl_cgrp->root);
	struct mechanism_counts *counts = bpf_map_lookup_elem(&by_cgroup, &cgroup);

	(void)own;
	if (!counts) {
		bpf_map_update_elem(&by_cgroup, &cgroup, &no_counts, BPF_NOEXIST);
		counts = bpf_map_lookup_elem(&by_cgroup, &cgroup);
	}
	add_event(counts, is_exit);
}
