/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The cgroup is in the key of every event. */
#include "mechanism.h"

static __always_inline void count_by_cgroup(struct task_struct *task, struct task_pidns *own,
					    bool is_exit)
{
	struct css_set *set = task->cgroups;

	(void)is_exit;
	own->part.cgroup = cgroup_of(set, set->dfl_cgrp->root);
}
