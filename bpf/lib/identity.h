/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The identity of a namespace: the cgroup and the name of its init.
 *
 * Written at the first event of the namespace, and when its init execs: a runtime moves a container
 * into its cgroup before the exec, but not always before the first fork. So user space needs no
 * living process and no /proc.
 *
 * All reads are by address: this runs rarely, and there is no other way to read the names of
 * cgroups. If the kernel forbids that (lockdown), user space disables it.
 */
#pragma once

#include "config.h"
#include "namespace.h"

/* The namespaces whose init has been seen; sized and emptied as `namespaces` is. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_key);
	__type(value, struct pidns_identity);
} identities SEC(".maps");

/*
 * Buffers for identities, which are too large for the stack: one for each program that may run
 * nested in another one on one CPU.
 */
enum scratch {
	FORK_SCRATCH,
	EXEC_SCRATCH = FORK_SCRATCH + PIDNS_ATTEMPTS,
	EXIT_SCRATCH = EXEC_SCRATCH + PIDNS_ATTEMPTS,
	OOM_SCRATCH = EXIT_SCRATCH + PIDNS_ATTEMPTS,
	WALK_SCRATCH,
	SCRATCHES,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct pidns_identity);
} scratches SEC(".maps");

/* The node around this one in its hierarchy; NULL for the root. */
static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *older = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(older, parent);
}

/* The cgroup of a set for the controller of processes, or for that of memory. */
static __always_inline struct cgroup *controlled_cgroup(struct css_set *set)
{
	struct cgroup_subsys_state *state = 0;
	__u64 index;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		index = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	else if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	else
		return 0;
	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)set + bpf_core_field_offset(set->subsys) +
				      index * sizeof(state));
	return BPF_CORE_READ(state, cgroup);
}

/*
 * The cgroup that names a task's container: that of v1's hierarchy of a controller that all
 * runtimes use, where it has one of its own and the task is in a cgroup of it; else that of v2.
 */
static __always_inline struct kernfs_node *cgroup_node_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup *unified = BPF_CORE_READ(set, dfl_cgrp);
	struct cgroup *controlled = controlled_cgroup(set);
	struct kernfs_node *node = BPF_CORE_READ(controlled, kn);

	if (BPF_CORE_READ(controlled, root) != BPF_CORE_READ(unified, root) && parent_of(node))
		return node;
	return BPF_CORE_READ(unified, kn);
}

/* Writes the names as in struct pidns_identity, and returns their length in bytes. */
static __always_inline __u32 write_path(char path[PIDNS_PATH], struct kernfs_node *node)
{
	enum { DEEPEST = 32 };
	__u32 length = 0;

	for (int depth = 0; depth < DEEPEST && length <= PIDNS_PATH - PIDNS_NAME; depth++) {
		struct kernfs_node *parent = parent_of(node);
		long written;

		if (!parent)
			break;
		written = bpf_probe_read_kernel_str(&path[length], PIDNS_NAME,
						    BPF_CORE_READ(node, name));
		if (written <= 0)
			break;
		length += written;
		node = parent;
	}
	return length;
}

/* Writes the identity of a namespace, and counts that in `written`. */
static __noinline int capture_identity(const struct task_pidns *own, __u64 *written,
				       enum scratch scratch, bool is_new)
{
	__u32 index = scratch;
	struct pidns_identity *identity = bpf_map_lookup_elem(&scratches, &index);
	struct pid_namespace *ns = own->ns;
	struct task_struct *init = BPF_CORE_READ(ns, child_reaper, group_leader);
	struct kernfs_node *cgroup = cgroup_node_of(init);

	if (!identity)
		return 0;
	identity->cgroup_id = BPF_CORE_READ(cgroup, id);
	identity->init_start = BPF_CORE_READ(init, start_boottime);
	identity->init_end = 0;
	identity->parent = BPF_CORE_READ(ns, parent, ns.inum);
	identity->level = BPF_CORE_READ(ns, level);
	identity->init_pid = BPF_CORE_READ(init, tgid);
	bpf_probe_read_kernel_str(identity->init_comm, PIDNS_COMM, init->comm);
	identity->init_is_new = is_new;
	identity->path_length = write_path(identity->path, cgroup);
	if (bpf_map_update_elem(&identities, &own->key, identity, BPF_ANY) == 0)
		add_atomic(written, 1);
	return 0;
}

/*
 * The first count of a namespace. The scan or another count may have written its identity before.
 * The identity is written before the counts, so that a reader of the counts finds it.
 */
static __always_inline void capture_first_identity(const struct task_pidns *own, __u64 *written,
						   enum scratch scratch)
{
	if (config.capture_identities && !bpf_map_lookup_elem(&identities, &own->key))
		capture_identity(own, written, scratch, own->nr == 1);
}

/* The init of a namespace execs: by now it is in its final cgroup. */
static __always_inline void capture_identity_at_exec(const struct task_pidns *own, __u64 *written,
						     enum scratch scratch)
{
	if (config.capture_identities && own->nr == 1)
		capture_identity(own, written, scratch, false);
}

/* The scan meets the init of a new namespace, or one that moved to another cgroup. */
static __always_inline void capture_identity_in_walk(const struct task_pidns *own, __u64 *written,
						     struct task_struct *init)
{
	struct pidns_identity *identity;

	if (!config.capture_identities)
		return;
	identity = bpf_map_lookup_elem(&identities, &own->key);
	if (identity && identity->cgroup_id == BPF_CORE_READ(cgroup_node_of(init), id))
		return;
	capture_identity(own, written, WALK_SCRATCH, identity && identity->init_is_new);
}

/* The scan meets any task of the host's namespace: its init may be hidden. */
static __always_inline void capture_host_in_walk(const struct task_pidns *own, __u64 *written)
{
	struct pid_namespace *ns = own->ns;

	if (BPF_CORE_READ(ns, level) == 0)
		capture_first_identity(own, written, WALK_SCRATCH);
}

/* Whether a task is of the init of its namespace: its leader has the number 1 inside. */
static __always_inline bool is_of_init(struct task_struct *task, const struct task_pidns *own)
{
	struct pid *pid;
	int nr = 0;

	if (task->pid == task->tgid)
		return own->nr == 1;
	pid = BPF_CORE_READ(task, group_leader, thread_pid);
	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (void *)pid + bpf_core_field_offset(pid->numbers) +
				      (__u64)BPF_CORE_READ(pid, level) * sizeof(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return nr == 1;
}

/* The last thread of a process exits: if that was the init, its namespace ends. */
static __always_inline void record_end(struct task_struct *task, const struct task_pidns *own,
				       __u64 *written)
{
	struct pidns_identity *identity;

	if (!config.capture_identities || !is_of_init(task, own))
		return;
	identity = bpf_map_lookup_elem(&identities, &own->key);
	if (!identity)
		return;
	identity->init_end = bpf_ktime_get_boot_ns();
	add_atomic(written, 1);
}
