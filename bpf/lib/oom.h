/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Which processes the OOM killer kills.
 *
 * mark_victim says it of a thread, and not only of a kill: of one that is exiting anyway as well,
 * and of several threads of one process. So a mark is kept until the process exits, which is
 * counted as an OOM kill if it ends by SIGKILL.
 */
#pragma once

#include "exit.h"

/* Marked threads, by number; once one has exited, its process by the number of that. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} oom_victims SEC(".maps");

/* The entries of oom_victims, or one more for a moment: as long as it is 0, an exit need not ask
 * the map. */
static __u64 oom_marks;

/* False where it is marked already. A full map means 1,024 kills that no exit has followed. */
static __always_inline bool mark_oom_victim(__u32 id)
{
	static const __u32 marked = 1;

	/* First: who finds 0 here has passed by before the entry is there. */
	add_atomic(&oom_marks, 1);
	if (add_if_absent(&oom_victims, &id, &marked) == 0)
		return true;
	add_atomic(&oom_marks, -1);
	return false;
}

static __always_inline bool take_oom_mark(__u32 id)
{
	if (bpf_map_delete_elem(&oom_victims, &id))
		return false;
	add_atomic(&oom_marks, -1);
	return true;
}

/* Takes note of a thread that exits. */
static __always_inline void transfer_oom_mark(struct task_struct *task)
{
	if (config.count_oom_kills && oom_marks && task->pid != task->tgid &&
	    take_oom_mark(task->pid))
		mark_oom_victim(task->tgid);
}

/* Whether the OOM killer chose this process, whose last thread exits. */
static __always_inline bool was_oom_marked(struct task_struct *task)
{
	return config.count_oom_kills && oom_marks && take_oom_mark(task->tgid);
}

/*
 * Forgets the mark of a process that exits outside of the namespaces that are counted: a mark by
 * number may be of such a one, and the number is used again.
 */
static __always_inline void forget_oom_mark(struct task_struct *task)
{
	if (config.outermost)
		was_oom_marked(task);
}

/*
 * Takes note of a task that the OOM killer chose; answers whether its exit has been by already.
 *
 * From 6.16 on the victim may be past its exit's tracepoint by now, as the signal was sent before
 * this. Then the mark is still there, and who takes it away counts.
 */
static __always_inline bool note_oom_victim(struct task_struct *task)
{
	struct task_pidns own;

	/* The OOM killer may also mark a process that dies with its namespace. */
	if (!own_namespace(task, &own) || is_torn_down(own.ns))
		return false;
	if (!mark_oom_victim(task->tgid) || task->signal->live.counter != 0)
		return false;
	return was_oom_marked(task);
}
