/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The cgroup of a task: its number, and its path in each hierarchy.
 *
 * Paths are read by address, because there is no other way to read the names of cgroups.
 */
#pragma once

#include "config.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* The parent of a node in its hierarchy; NULL for the root. */
static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *older = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(older, parent);
}

/* Whether a node is not the root of its hierarchy. */
static __always_inline bool has_parent(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *older = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return node->__parent;
	return older->parent;
}

#define HAS(controller)	   bpf_core_enum_value_exists(enum cgroup_subsys_id, controller##_cgrp_id)
#define NUMBER(controller) bpf_core_enum_value(enum cgroup_subsys_id, controller##_cgrp_id)

/* The controller whose hierarchy of cgroup v1 is read first. A kernel has one of them. */
#define CONTROLLER                                                                \
	(config.controller == PIDNS_CONTROLLER_CPU && HAS(cpu)	   ? NUMBER(cpu)  \
	 : config.controller == PIDNS_CONTROLLER_PIDS && HAS(pids) ? NUMBER(pids) \
								   : NUMBER(memory))
#define HAS_CONTROLLER (HAS(pids) || HAS(memory))

/* The cgroup of a set for that controller. */
static __always_inline struct cgroup *controlled_cgroup(struct css_set *set)
{
	struct cgroup_subsys_state *state = 0;
	__u64 index;

	if (!HAS_CONTROLLER)
		return 0;
	index = CONTROLLER;
	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)set + bpf_core_field_offset(set->subsys) +
				      index * sizeof(state));
	return BPF_CORE_READ(state, cgroup);
}

/*
 * The cgroup that names a task's container. In cgroup v1, it is in the hierarchy of a controller
 * that all runtimes use, if the controller has its own hierarchy and the task is in a cgroup of it.
 * Otherwise it is in v2.
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

/* The number of a set's cgroup in struct pidns_part, that of cgroup_node_of(). */
static __always_inline __u64 probed_cgroup_of(struct css_set *set)
{
	struct cgroup *unified = BPF_CORE_READ(set, dfl_cgrp);
	struct cgroup *controlled = controlled_cgroup(set);
	struct kernfs_node *node = BPF_CORE_READ(controlled, kn);

	if (BPF_CORE_READ(controlled, root) != BPF_CORE_READ(unified, root) && parent_of(node))
		return BPF_CORE_READ(node, id) | PIDNS_CGROUP_V1;
	return BPF_CORE_READ(unified, kn, id);
}

/* The same by typed reads, which cost a fifth; `unified` is the root of cgroup v2. */
static __always_inline __u64 cgroup_of(struct css_set *set, struct cgroup_root *unified)
{
	struct kernfs_node *node = set->dfl_cgrp->kn;

	/* verifier: before the branches; see process_of(). */
	barrier_var(node);
	if (HAS_CONTROLLER) {
		struct cgroup *controlled = set->subsys[CONTROLLER]->cgroup;

		if (controlled->root != unified && has_parent(controlled->kn))
			return controlled->kn->id | PIDNS_CGROUP_V1;
	}
	return node->id;
}

/*
 * Whether the first task of a css_set is the given one, without a read of the task. The kernel
 * appends tasks that enter a css_set.
 */
static __always_inline bool begins_with(struct css_set *set, struct task_struct *task)
{
	void *first = set->tasks.next;

	return first == (void *)task + bpf_core_field_offset(task->cg_list);
}

/* The same by address. */
static __always_inline bool probed_begins_with(struct css_set *set, struct task_struct *task)
{
	void *first = BPF_CORE_READ(set, tasks.next);

	return first == (void *)task + bpf_core_field_offset(task->cg_list);
}

/* The number in struct pidns_part of a cgroup that is removed; 0 in a hierarchy that is not read.
 */
static __always_inline __u64 removed_cgroup(struct cgroup *cgroup)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_root *root = BPF_CORE_READ(cgroup, root);
	__u64 id = BPF_CORE_READ(cgroup, kn, id);

	if (root == BPF_CORE_READ(set, dfl_cgrp, root))
		return id;
	if (root == BPF_CORE_READ(controlled_cgroup(set), root))
		return id | PIDNS_CGROUP_V1;
	return 0;
}
