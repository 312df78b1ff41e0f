/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The mechanism of the exporter: the cgroup is in the key, if it is not that of the init of the
 * namespace. Mostly both have one css_set, and it begins with the init, so this compares two
 * pointers.
 */
#include "mechanism.h"

static __always_inline void count_by_cgroup(struct task_struct *task, struct task_pidns *own,
					    bool is_exit)
{
	struct task_struct *init = own->ns->child_reaper;
	struct css_set *set = task->cgroups, *of_init;
	struct cgroup_root *root;
	__u64 cgroup;

	(void)is_exit;
	if (begins_with(set, init))
		return;
	of_init = init->cgroups;
	if (set == of_init)
		return;
	root = of_init->dfl_cgrp->root;
	cgroup = cgroup_of(set, root);
	if (cgroup != cgroup_of(of_init, root))
		own->part.cgroup = cgroup;
}
