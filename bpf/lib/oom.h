/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Detects the processes that the OOM killer kills.
 *
 * mark_victim reports a thread, and not only kills: also threads that are exiting anyway, and
 * several threads of one process. So the mark is kept until the process exits. The exit counts as
 * an OOM kill if it is by SIGKILL.
 */
#pragma once

#include "exit.h"

/* Marked threads, by number. When a thread has exited, its process, by the process's number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} oom_victims SEC(".maps");

/* The number of entries of oom_victims, briefly one more. While it is 0, an exit skips the lookup.
 */
static __u64 oom_marks SEC(".data.shared");

/* False if it is marked already. A full map means 1,024 kills that no exit has followed. */
static __always_inline bool mark_oom_victim(__u32 id)
{
	static const __u32 marked = 1;

	/* Before the entry: an exit that reads 0 precedes the entry. */
	add_atomic(&oom_marks, 1);
	if (add_if_absent(&oom_victims, &id, &marked) == 0)
		return true;
	add_atomic(&oom_marks, -1);
	return false;
}

static __always_inline bool remove_oom_mark(__u32 id)
{
	if (bpf_map_delete_elem(&oom_victims, &id))
		return false;
	add_atomic(&oom_marks, -1);
	return true;
}

/* Moves the mark of an exiting thread to its process. */
static __always_inline void transfer_oom_mark(struct task_struct *task)
{
	if (config.count_oom_kills && unlikely(oom_marks) && task->pid != task->tgid &&
	    remove_oom_mark(task->pid))
		mark_oom_victim(task->tgid);
}

/* Whether the OOM killer chose this process, whose last thread exits. */
static __always_inline bool was_oom_marked(struct task_struct *task)
{
	return config.count_oom_kills && unlikely(oom_marks) && remove_oom_mark(task->tgid);
}

/*
 * Removes the mark of a process that exits outside the counted namespaces: a mark by number may be
 * of such a process, and the number is reused.
 */
static __always_inline void forget_oom_mark(struct task_struct *task)
{
	if (config.outermost)
		was_oom_marked(task);
}

/*
 * Marks a task that the OOM killer chose. Returns whether its exit was counted already; then `own`
 * is its namespace.
 *
 * From 6.16 on, the signal is sent first, so the victim may already be past its exit's tracepoint.
 * Then the mark stays, and the program that removes it counts the kill.
 */
static __always_inline bool record_oom_victim(struct task_struct *task, struct task_pidns *own)
{
	/* The OOM killer may also mark a process that dies with its namespace. */
	if (!own_namespace(task, own) || is_torn_down(own->ns))
		return false;
	if (!mark_oom_victim(task->tgid) || task->signal->live.counter != 0)
		return false;
	return was_oom_marked(task);
}
