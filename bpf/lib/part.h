/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The parts of namespaces: see struct pidns_part.
 */
#pragma once

#include "identity.h"

/* The cgroups of parts. User space sets max_entries and deletes entries, or makes it an LRU map. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct pidns_cgroup);
} cgroups SEC(".maps");

/* choose_part() of a task whose css_set is not that of the namespace's init. */
static __noinline int choose_other_part(struct css_set *set, struct css_set *of_init,
					struct task_pidns *own)
{
	struct cgroup_root *root;
	__u64 cgroup;

	if (NUMBERS_ARE_TYPED) {
		/* verifier: that of the init, which it does not trust; see process_of(). */
		root = of_init->dfl_cgrp->root;
		cgroup = cgroup_of(set, root);
		if (config.split == PIDNS_SPLIT_SHARED && cgroup == cgroup_of(of_init, root))
			return 0;
	} else {
		cgroup = probed_cgroup_of(set);
		if (config.split == PIDNS_SPLIT_SHARED && cgroup == probed_cgroup_of(of_init))
			return 0;
	}
	own->part.cgroup = cgroup;
	return 0;
}

/*
 * Chooses the part of an event by the cgroup of its task.
 *
 * The init and its namespace's other processes mostly share one css_set, which mostly begins with
 * the init. So the init's own css_set is seldom read: it is in a struct that is seldom in the
 * cache.
 */
static __always_inline void choose_part(struct task_struct *task, struct task_pidns *own)
{
	/* A variable: in `own->ns`, BPF_CORE_READ() would look for task_pidns in the kernel. */
	struct pid_namespace *ns = own->ns;
	struct css_set *set, *of_init;
	struct task_struct *init;

	if (config.split == PIDNS_SPLIT_NONE)
		return;
	if (NUMBERS_ARE_TYPED) {
		set = task->cgroups;
		init = ns->child_reaper;
		if (config.split == PIDNS_SPLIT_SHARED && likely(begins_with(set, init)))
			return;
		of_init = init->cgroups;
	} else {
		set = BPF_CORE_READ(task, cgroups);
		init = BPF_CORE_READ(ns, child_reaper);
		if (config.split == PIDNS_SPLIT_SHARED && likely(probed_begins_with(set, init)))
			return;
		of_init = BPF_CORE_READ(init, cgroups);
	}
	if (config.split != PIDNS_SPLIT_SHARED || unlikely(set != of_init))
		choose_other_part(set, of_init, own);
}

/* choose_part() for the task that runs. */
static __always_inline void choose_current_part(struct task_pidns *own)
{
	if (NUMBERS_ARE_TYPED)
		choose_part(bpf_get_current_task_btf(), own);
	else
		choose_part((void *)bpf_get_current_task(), own);
}

/* Writes the paths of a part's cgroup, unless they exist; false if there is no room. */
static __noinline bool capture_cgroup(struct task_struct *task, __u64 id, __u64 *written,
				      enum scratch scratch)
{
	__u32 index = scratch;
	struct pidns_cgroup *cgroup;
	struct css_set *set;
	__u32 length;
	int error;

	if (bpf_map_lookup_elem(&cgroups, &id))
		return true;
	set = BPF_CORE_READ(task, cgroups);
	length = write_paths(scratch, set, cgroup_node_of(task));
	cgroup = bpf_map_lookup_elem(&scratches, &index);
	if (!cgroup)
		return false;
	cgroup->removed = 0;
	cgroup->path_length = length;
	cgroup->padding = 0;
	error = add_if_absent(&cgroups, &id, cgroup);
	if (error == 0)
		add_atomic(written, 1);
	return error == 0 || error == -EEXIST;
}
