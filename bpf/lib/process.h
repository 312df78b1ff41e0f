/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The pids of a process: in its own namespace, and on the host. */
#pragma once

#include "config.h"
#include "namespace.h"

/* number_in() by address. */
static __always_inline __u32 probed_number_in(struct pid *pid, const struct task_pidns *own)
{
	struct upid number;

	if (own->level > BPF_CORE_READ(pid, level) || !probe_number(pid, own->level, &number))
		return 0;
	return number.ns == own->ns ? number.nr : 0;
}

/* number_in() of a namespace in a container. By address, if that is allowed. */
static __noinline __u32 number_in_deep(struct pid *pid, const struct task_pidns *own)
{
	struct upid *number;

	if (config.capture_identities)
		return probed_number_in(pid, own);
	if (own->level > pid->level)
		return 0;
	number = number_at(pid, own->level);
	return number && number->ns == own->ns ? number->nr : 0;
}

/* The number of a pid in a namespace; 0 if it has none there (the kernel's pid_nr_ns). */
static __always_inline __u32 number_in(struct pid *pid, const struct task_pidns *own)
{
	if (!NUMBERS_ARE_TYPED)
		return probed_number_in(pid, own);
	if (likely(own->level == 1)) {
		if (unlikely(pid->level < 1) || unlikely(pid->numbers[1].ns != own->ns))
			return 0;
		return pid->numbers[1].nr;
	}
	return own->level == 0 ? pid->numbers[0].nr : number_in_deep(pid, own);
}

/* pid_inside() of a process whose first thread is another one. */
static __noinline __u32 leader_inside(struct task_struct *task, const struct task_pidns *own)
{
	return number_in(task->group_leader->thread_pid, own);
}

/* Returns what getpid() returns in the process. */
static __always_inline __u32 pid_inside(struct task_struct *task, const struct task_pidns *own)
{
	/* The leader's own number: own_namespace() has found that of the thread. */
	if (likely(task->pid == task->tgid))
		return own->nr;
	return leader_inside(task, own);
}

/* Returns what getppid() returns in the process: 0 if the parent is outside its namespace. */
static __always_inline __u32 ppid_inside(struct task_struct *task, const struct task_pidns *own)
{
	return number_in(task->real_parent->group_leader->thread_pid, own);
}

/* Copies a thread's comm, in words: the helper that copies text is refused in lockdown, and is
 * slower. */
static __always_inline void read_comm(char comm[PIDNS_COMM], struct task_struct *task)
{
	_Static_assert(PIDNS_COMM == 2 * sizeof(__u64), "two words");
	((__u64 *)comm)[0] = ((__u64 *)task->comm)[0];
	((__u64 *)comm)[1] = ((__u64 *)task->comm)[1];
}
