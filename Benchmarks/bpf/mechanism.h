/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What the programs share that compare ways to count by cgroup: execs and exits in a hash by PID
 * namespace and part. Each program defines count_by_cgroup(), which may change the part.
 *
 * Hooks: tp_btf on sched_process_exec and sched_process_exit.
 */
#pragma once

#include "cgroup.h"
#include "last.h"
#include "namespace.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct mechanism_counts {
	__u64 execs, exits;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct pidns_part);
	__type(value, struct mechanism_counts);
} parts SEC(".maps");

static const struct mechanism_counts no_counts;

static __always_inline void count_by_cgroup(struct task_struct *task, struct task_pidns *own,
					    bool is_exit);

static __always_inline void add_event(struct mechanism_counts *counts, bool is_exit)
{
	if (counts)
		add_atomic(is_exit ? &counts->exits : &counts->execs, 1);
}

static __always_inline int count_event(struct task_struct *task, bool is_exit)
{
	struct mechanism_counts *counts;
	struct task_pidns own;

	if (!own_namespace(task, &own))
		return 0;
	count_by_cgroup(task, &own, is_exit);
	counts = bpf_map_lookup_elem(&parts, &own.part);
	if (!counts) {
		bpf_map_update_elem(&parts, &own.part, &no_counts, BPF_NOEXIST);
		counts = bpf_map_lookup_elem(&parts, &own.part);
	}
	add_event(counts, is_exit);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int by_cgroup_exec(__u64 *ctx)
{
	return count_event((void *)ctx[0], false);
}

SEC("tp_btf/sched_process_exit")
int by_cgroup_exit(__u64 *ctx)
{
	return is_last(ctx) ? count_event((void *)ctx[0], true) : 0;
}
