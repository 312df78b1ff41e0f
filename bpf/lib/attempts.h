/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Counts each event once on kernels that may skip a program.
 *
 * From Linux 7.0 on (upstream a46023d5616e) a task can be preempted while a program at a tracepoint
 * runs for it. Until it resumes, the kernel skips that program for every other task on that CPU. So
 * there are PIDNS_ATTEMPTS equal programs at each hook. The first of them that runs counts the
 * event and sets a mark, so the next ones do not count it. Any of them may clear a mark. An event
 * is lost only if as many tasks are preempted on one CPU at one time, each in a different program.
 */
#pragma once

#include "config.h"

/* The marks of a task, by its number. */
enum mark {
	MARK_KNOWN =
		1,    /* its fork has been counted, or an exec; cleared by the exit of any thread */
	MARK_ODD = 2, /* its last exec that was counted had an odd self_exec_id */
	MARK_EXITED = 4, /* its exit has been counted; cleared by the next fork of that number */
	MARK_BITS = 4,	 /* rounded up, so that those of a task are in one word */
};

/*
 * The marks of every possible task; user space sets max_entries from kernel.pid_max. The events of
 * one task do not overlap, but tasks that share a word may write it at the same time. So writes are
 * atomic. They are additions: kernels before 5.12 refuse other atomics, even in unreachable code.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} marks SEC(".maps");

struct marks_of_task {
	__u64 *word; /* NULL above the kernel.pid_max of the start */
	__u32 shift;
};

static __always_inline struct marks_of_task marks_of(int tid)
{
	__u32 bit = (__u32)tid * MARK_BITS;
	__u32 index = bit / 64;

	return (struct marks_of_task){.word = bpf_map_lookup_elem(&marks, &index),
				      .shift = bit % 64};
}

/* Sets or clears a mark; false if it has this value already. */
static __always_inline bool change_mark(struct marks_of_task marks, enum mark mark, bool is_set)
{
	__u64 mask = (__u64)mark << marks.shift;

	if (!marks.word || !(*marks.word & mask) == !is_set)
		return false;
	add_atomic(marks.word, is_set ? mask : -mask);
	return true;
}

/* Whether this attempt (from 0) counts the fork of `child`. */
static __always_inline bool should_count_fork(struct task_struct *child, __u32 attempt)
{
	struct marks_of_task marks;

	if (config.attempts == 1)
		return true;
	marks = marks_of(child->pid);
	if (!marks.word)
		return attempt == 0;
	change_mark(marks, MARK_EXITED, false);
	change_mark(marks, MARK_ODD, child->self_exec_id & 1);
	return change_mark(marks, MARK_KNOWN, true);
}

/*
 * Whether this attempt counts the exec of `task`; `old_pid` is the number of the thread that called
 * it.
 */
static __always_inline bool should_count_exec(struct task_struct *task, int old_pid, __u32 attempt)
{
	struct marks_of_task marks;
	bool is_first, is_new;

	if (config.attempts == 1)
		return true;
	/* It has the leader's number now, and no task will exit with its own. */
	if (old_pid != task->pid)
		change_mark(marks_of(old_pid), MARK_KNOWN, false);
	marks = marks_of(task->pid);
	if (!marks.word)
		return attempt == 0;
	is_first = change_mark(marks, MARK_KNOWN, true);
	is_new = change_mark(marks, MARK_ODD, task->self_exec_id & 1);
	return is_first || is_new;
}

/* Whether this attempt counts the exit of the process; also clears the mark of the thread. */
static __always_inline bool should_count_exit(struct task_struct *task, bool is_last, __u32 attempt)
{
	struct marks_of_task marks;

	if (config.attempts == 1)
		return is_last;
	marks = marks_of(task->pid);
	if (!marks.word)
		return is_last && attempt == 0;
	change_mark(marks, MARK_KNOWN, false);
	return is_last && change_mark(marks, MARK_EXITED, true);
}

/* The programs at a hook: each calls `count` with the number of its attempt. */
#define ATTEMPTS(hook, program, count)   \
	SEC("tp_btf/" hook)              \
	int program(__u64 *ctx)          \
	{                                \
		return count(ctx, 0);    \
	}                                \
	SEC("tp_btf/" hook)              \
	int program##_second(__u64 *ctx) \
	{                                \
		return count(ctx, 1);    \
	}                                \
	SEC("tp_btf/" hook)              \
	int program##_third(__u64 *ctx)  \
	{                                \
		return count(ctx, 2);    \
	}                                \
	_Static_assert(PIDNS_ATTEMPTS == 3, "each has its program")
