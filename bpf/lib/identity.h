/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The identity of a namespace: the cgroup and the name of its init.
 *
 * Written at the first event of the namespace, and when its init execs: a runtime moves a container
 * into its cgroup before the exec, but not always before the first fork. So user space needs no
 * live process and no /proc.
 *
 * All reads are by address: this runs rarely, and there is no other way to read the names of
 * cgroups. If the kernel forbids that (lockdown), user space disables it.
 */
#pragma once

#include "cgroup.h"
#include "config.h"
#include "namespace.h"

/* The namespaces whose init has been seen; sized and emptied like `namespaces`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_key);
	__type(value, struct pidns_identity);
} identities SEC(".maps");

/*
 * Buffers for identities, which are too large for the stack: one for each program that may run
 * nested in another on one CPU.
 */
enum scratch {
	FORK_SCRATCH,
	EXEC_SCRATCH = FORK_SCRATCH + PIDNS_ATTEMPTS,
	EXIT_SCRATCH = EXEC_SCRATCH + PIDNS_ATTEMPTS,
	OOM_SCRATCH = EXIT_SCRATCH + PIDNS_ATTEMPTS,
	EXEC_FAILURE_SCRATCH,
	SCAN_SCRATCH,
	SCRATCHES,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct pidns_identity);
} scratches SEC(".maps");

/*
 * verifier: the following functions are not static, so that each is verified once, and not again in
 * each turn of the loops that call it. 5.10 allows no pointer as an argument of such a function, so
 * they take addresses.
 */
__noinline __u64 parent_address(__u64 node)
{
	return config.capture_identities ? (__u64)parent_of((void *)node) : 0;
}

__noinline __u32 hash_of_name(__u64 node)
{
	return config.capture_identities ? BPF_CORE_READ((struct kernfs_node *)node, hash) : 0;
}

/* Appends a name to a scratch buffer, and returns the new length: the same if that fails. */
__noinline __u32 append_name(__u32 scratch, __u32 length, __u64 node)
{
	struct pidns_identity *identity = bpf_map_lookup_elem(&scratches, &scratch);
	long written;

	if (!identity || length > PIDNS_PATH - PIDNS_NAME || !config.capture_identities)
		return length;
	written = bpf_probe_read_kernel_str(&identity->path[length], PIDNS_NAME,
					    BPF_CORE_READ((struct kernfs_node *)node, name));
	return written > 0 ? length + written : length;
}

/* Ends a path in a scratch buffer, and returns the new length. */
__noinline __u32 append_separator(__u32 scratch, __u32 length)
{
	struct pidns_identity *identity = bpf_map_lookup_elem(&scratches, &scratch);

	if (!identity || length > PIDNS_PATH - PIDNS_NAME)
		return length;
	identity->path[length] = 0;
	return length + 1;
}

/* Appends a path to those in a scratch buffer, and returns the length of all of them. */
__noinline __u32 append_path(__u32 scratch, __u32 length, __u64 node)
{
	enum { DEEPEST = 32 };

	for (int depth = 0; depth < DEEPEST; depth++) {
		__u64 parent = parent_address(node);
		__u32 before = length;

		if (!parent)
			break;
		length = append_name(scratch, length, node);
		if (length == before)
			break;
		node = parent;
	}
	return length;
}

/* The next cgroup of a set in a list of them: the address of its link; 0 at the end. */
__noinline __u64 next_link(__u64 at, __u64 head)
{
	__u64 next =
		config.capture_identities ? (__u64)BPF_CORE_READ((struct list_head *)at, next) : 0;

	return next == head ? 0 : next;
}

__noinline __u64 node_of_link(__u64 at)
{
	struct cgrp_cset_link *link =
		(void *)at - bpf_core_field_offset(((struct cgrp_cset_link *)0)->cgrp_link);

	return config.capture_identities ? (__u64)BPF_CORE_READ(link, cgrp, kn) : 0;
}

/* A number of a cgroup's path, by its two innermost names. */
__noinline __u64 hash_of_path(__u64 node)
{
	return (__u64)hash_of_name(node) << 32 | hash_of_name(parent_address(node));
}

/*
 * Writes the paths of a set in hierarchies of cgroup v1, as far as their two innermost names differ
 * from those of `first` and from the ones before. A container may have its id in any of them only.
 */
__noinline __u32 append_other_paths(__u32 scratch, __u32 length, __u64 set, __u64 first)
{
	enum { HIERARCHIES = 16 };
	__u64 head = set + bpf_core_field_offset(((struct css_set *)0)->cgrp_links);
	__u64 hash_of_first = hash_of_path(first), hash_before = hash_of_first;
	__u64 at = head;

	for (int i = 0; i < HIERARCHIES; i++) {
		__u64 node, hash;

		at = next_link(at, head);
		if (!at)
			break;
		node = node_of_link(at);
		hash = hash_of_path(node);
		if (hash == hash_of_first || hash == hash_before || !parent_address(node))
			continue;
		hash_before = hash;
		length = append_separator(scratch, length);
		length = append_path(scratch, length, node);
	}
	return length;
}

/* Writes all paths of a set into a scratch buffer, and returns their length. */
static __always_inline __u32 write_paths(enum scratch scratch, struct css_set *set,
					 struct kernfs_node *first)
{
	__u32 length = append_path(scratch, 0, (__u64)first);

	length = append_other_paths(scratch, length, (__u64)set, (__u64)first);
	return length <= PIDNS_PATH ? length : PIDNS_PATH;
}

/* Writes the identity of a namespace, and increments `written`. */
static __noinline int capture_identity(const struct task_pidns *own, __u64 *written,
				       enum scratch scratch, bool is_new)
{
	__u32 index = scratch;
	struct pidns_identity *identity = bpf_map_lookup_elem(&scratches, &index);
	struct pid_namespace *ns = own->ns;
	struct task_struct *init = BPF_CORE_READ(ns, child_reaper, group_leader);
	struct css_set *cgroups = BPF_CORE_READ(init, cgroups);
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
	identity->path_length = write_paths(scratch, cgroups, cgroup);
	identity->set = (__u64)cgroups;
	if (bpf_map_update_elem(&identities, &own->part.namespace, identity, BPF_ANY) == 0)
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
	if (config.capture_identities && !bpf_map_lookup_elem(&identities, &own->part.namespace))
		capture_identity(own, written, scratch, own->nr == 1);
}

/* The init of a namespace execs: it is in its final cgroup now. */
static __always_inline void capture_identity_at_exec(const struct task_pidns *own, __u64 *written,
						     enum scratch scratch)
{
	if (config.capture_identities)
		capture_identity(own, written, scratch, false);
}

/* The scan finds the init of a new namespace, or one that moved to another cgroup. */
static __always_inline void capture_identity_in_scan(const struct task_pidns *own, __u64 *written,
						     struct task_struct *init)
{
	struct pidns_identity *identity;

	if (!config.capture_identities)
		return;
	identity = bpf_map_lookup_elem(&identities, &own->part.namespace);
	if (identity && identity->set == (__u64)BPF_CORE_READ(init, cgroups))
		return;
	capture_identity(own, written, SCAN_SCRATCH, identity && identity->init_is_new);
}

/* The scan finds any task of the host's namespace: its init may be hidden. */
static __always_inline void capture_host_in_scan(const struct task_pidns *own, __u64 *written)
{
	if (own->level == 0)
		capture_first_identity(own, written, SCAN_SCRATCH);
}

/* is_of_init() of a thread that is not the first of its process. */
static __noinline bool has_init_as_leader(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	int nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (void *)pid + bpf_core_field_offset(pid->numbers) +
				      (__u64)BPF_CORE_READ(pid, level) * sizeof(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return nr == 1;
}

/* Whether a task is of the init of its namespace: its leader has the number 1 inside. */
static __always_inline bool is_of_init(struct task_struct *task, const struct task_pidns *own)
{
	if (!config.capture_identities)
		return false;
	if (likely(task->pid == task->tgid))
		return own->nr == 1;
	return has_init_as_leader(task);
}

/* The last thread of a namespace's init exits: the namespace ends. */
static __noinline __attribute__((unused)) int record_end(const struct task_pidns *own,
							 __u64 *written)
{
	struct pidns_identity *identity = bpf_map_lookup_elem(&identities, &own->part.namespace);

	if (!identity)
		return 0;
	identity->init_end = bpf_ktime_get_boot_ns();
	add_atomic(written, 1);
	return 0;
}
