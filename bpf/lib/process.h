/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The pids of a process: in its own namespace, and on the host. */
#pragma once

#include "config.h"
#include "namespace.h"

/* number_in() by address. */
static __always_inline __u32 probed_number_in(struct pid *pid, struct pid_namespace *ns)
{
	__u32 level = BPF_CORE_READ(ns, level);
	struct upid number;

	if (level > BPF_CORE_READ(pid, level) || !probe_number(pid, level, &number))
		return 0;
	return number.ns == ns ? number.nr : 0;
}

/*
 * The number of a pid in a namespace; 0 if it has none there (the kernel's pid_nr_ns).
 *
 * verifier: from level 2 on by address, if that is allowed: to spell out every level again would
 * cost as much as the rest of an exec.
 */
static __always_inline __u32 number_in(struct pid *pid, struct pid_namespace *ns)
{
	struct upid *number;
	__u32 level;

	if (!NUMBERS_ARE_TYPED)
		return probed_number_in(pid, ns);
	level = ns->level;
	if (level > pid->level)
		return 0;
	if (!config.capture_identities)
		number = number_at(pid, level);
	else if (level > 1)
		return probed_number_in(pid, ns);
	else
		number = level ? &pid->numbers[1] : &pid->numbers[0];
	return number && number->ns == ns ? number->nr : 0;
}

/* Returns what getpid() returns in the process. */
static __always_inline __u32 pid_inside(struct task_struct *task, const struct task_pidns *own)
{
	/* The leader's own number: own_namespace() has found that of the thread. */
	if (task->pid == task->tgid)
		return own->nr;
	return number_in(task->group_leader->thread_pid, own->ns);
}

/* Returns what getppid() returns in the process: 0 if the parent is outside its namespace. */
static __always_inline __u32 ppid_inside(struct task_struct *task, const struct task_pidns *own)
{
	return number_in(task->real_parent->group_leader->thread_pid, own->ns);
}

/* Copies a thread's comm, in words: the helper that copies text is refused in lockdown, and is
 * slower. */
static __always_inline void read_comm(char comm[PIDNS_COMM], struct task_struct *task)
{
	_Static_assert(PIDNS_COMM == 2 * sizeof(__u64), "two words");
	((__u64 *)comm)[0] = ((__u64 *)task->comm)[0];
	((__u64 *)comm)[1] = ((__u64 *)task->comm)[1];
}
