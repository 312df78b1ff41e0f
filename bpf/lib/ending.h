/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* How a process ended: its reason, its status, and what the collectors need to know of a death. */
#pragma once

#include "config.h"
#include "exit.h"
#include "oom.h"

/* How a process ended, in one number. */
enum { ENDING_REASON = 3, ENDING_HAS_CORE = 4, ENDING_OOM_KILL = 8, ENDING_STATUS = 8 };

/*
 * Returns how a process ended: ENDING_…, its reason in the lowest bits and the status from
 * bit ENDING_STATUS on.
 *
 * verifier: `zero` makes it unknown. Otherwise each of its values would be a separate state in all
 * following code.
 */
static __always_inline __u32 ending_of(struct task_struct *task, const struct process *process,
				       const struct task_pidns *own, __u32 zero)
{
	int status = wait_status(task, process, own);
	bool was_oom_killed = was_oom_marked(task) && status_signal(status) == SIGKILL;
	__u32 ending = exit_reason(status, own->ns, was_oom_killed);

	if (unlikely(status_signal(status))) {
		if (config.count_signals && status_has_core(status))
			ending |= ENDING_HAS_CORE;
		if (was_oom_killed)
			ending |= ENDING_OOM_KILL;
	}
	return (ending | (__u32)status << ENDING_STATUS) + zero;
}
