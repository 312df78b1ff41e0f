/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Who a process is, as numbers: those that it sees itself, and the host's. */
#pragma once

#include "namespace.h"

/* The number of a pid in a namespace; 0 where it has none there (the kernel's pid_nr_ns). */
static __always_inline __u32 number_in(struct pid *pid, struct pid_namespace *ns)
{
	struct upid *number;
	struct upid copy;

	if (!NUMBERS_ARE_TYPED) {
		__u32 level = BPF_CORE_READ(ns, level);

		if (level > BPF_CORE_READ(pid, level) || !probe_number(pid, level, &copy))
			return 0;
		return copy.ns == ns ? copy.nr : 0;
	}
	if (ns->level > pid->level)
		return 0;
	number = number_at(pid, ns->level);
	return number && number->ns == ns ? number->nr : 0;
}

/* What getpid() says in a process. */
static __always_inline __u32 pid_inside(struct task_struct *task, const struct membership *own)
{
	/* The leader's own number: what own_namespace() found is that of the thread. */
	if (task->pid == task->tgid)
		return own->nr;
	return number_in(task->group_leader->thread_pid, own->ns);
}

/* What getppid() says in a process: 0 where the parent is outside of its namespace. */
static __always_inline __u32 ppid_inside(struct task_struct *task, const struct membership *own)
{
	return number_in(task->real_parent->group_leader->thread_pid, own->ns);
}

/*
 * What a process calls itself.
 *
 * verifier: a byte at a time, as it takes the array for what it is.
 */
static __always_inline void read_comm(char comm[PIDNS_COMM], struct task_struct *task)
{
#pragma unroll
	for (int i = 0; i < PIDNS_COMM; i++)
		comm[i] = task->comm[i];
}
