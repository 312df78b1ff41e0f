/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Only counts: execs, forks, thread starts, process exits and starts of namespaces, per PID
 * namespace and for the node, like the exporter before exit reasons existed.
 *
 * Hooks: tp_btf on task_newtask, sched_process_exec and sched_process_exit.
 *
 * Maps: per_namespace (per-CPU hash) and node (per-CPU array).
 *
 * Needs Linux 5.10 with BTF.
 */
#include "last.h"
#include "namespace.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct counts {
	__u64 execs, forks, thread_starts, exits, starts;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct pidns_key);
	__type(value, struct counts);
} per_namespace SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counts);
} node SEC(".maps");

static __noinline struct counts *first_counts(const struct pidns_key *key)
{
	static const struct counts zero;

	bpf_map_update_elem(&per_namespace, key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&per_namespace, key);
}

static __always_inline struct counts *counts_of(const struct pidns_key *key)
{
	struct counts *counts = bpf_map_lookup_elem(&per_namespace, key);

	return counts ? counts : first_counts(key);
}

static __always_inline struct counts *this_cpus_node(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&node, &only);
}

SEC("tp_btf/task_newtask")
int counts_fork(__u64 *ctx)
{
	struct task_struct *child = (void *)ctx[0];
	struct counts *total = this_cpus_node(), *counts;
	struct task_pidns own;

	if (!total || child->flags & PF_KTHREAD || !own_namespace(child, &own))
		return 0;
	counts = counts_of(&own.part.namespace);
	if (!counts)
		return 0;
	if (child->pid != child->tgid) {
		counts->thread_starts++;
		total->thread_starts++;
		return 0;
	}
	counts->forks++;
	total->forks++;
	if (own.nr == 1) {
		counts->starts++;
		total->starts++;
	}
	return 0;
}

SEC("tp_btf/sched_process_exec")
int counts_exec(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct counts *total = this_cpus_node(), *counts;
	struct task_pidns own;

	if (!total || !own_namespace(task, &own))
		return 0;
	counts = counts_of(&own.part.namespace);
	if (!counts)
		return 0;
	counts->execs++;
	total->execs++;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int counts_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct counts *total, *counts;
	struct task_pidns own;

	if (!is_last(ctx))
		return 0;
	total = this_cpus_node();
	if (!total || task->flags & PF_KTHREAD || !own_namespace(task, &own))
		return 0;
	counts = counts_of(&own.part.namespace);
	if (!counts)
		return 0;
	counts->exits++;
	total->exits++;
	return 0;
}
