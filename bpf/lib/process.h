/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The process of a task: its leader, and its pids in its own namespace and on the host. */
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

/*
 * The kernel's structs of a process, each pointer loaded once.
 *
 * verifier: from 6.2 on, a load of a pointer from a trusted struct makes it compare the names of
 * all of the kernel's types, up to four times (7.0 sorts them). So these loads come before the
 * program branches; otherwise each branch repeats them, and the exit program takes four times as
 * long to load.
 */
struct process {
	struct signal_struct *signal;
	struct task_struct *leader; /* its first thread */
	struct pid *pid;	    /* of the leader; NULL if that is the thread of the event */
	struct pid *parent;	    /* of the parent's leader; NULL if that is not needed */
};

static __always_inline struct process process_of(struct task_struct *task, bool needs_parent)
{
	struct process process = {};

	process.signal = task->signal;
	process.leader = task->group_leader;
	process.pid = process.leader->thread_pid;
	if (needs_parent)
		process.parent = task->real_parent->group_leader->thread_pid;
	/* clang must not move the loads to their uses. */
	barrier_var(process.signal);
	barrier_var(process.leader);
	barrier_var(process.pid);
	barrier_var(process.parent);
	return process;
}

/* The process of a thread that has execed, and so is its leader and its only thread. */
static __always_inline struct process process_of_exec(struct task_struct *task, bool needs_parent)
{
	struct process process = {.leader = task};

	if (needs_parent)
		process.parent = task->real_parent->group_leader->thread_pid;
	barrier_var(process.parent);
	return process;
}

/*
 * Whether an exec is the first one of a process that its namespace's init has forked, in another
 * cgroup than that of the init. This is how a service manager starts a command.
 *
 * An adopted process was forked by one that has execed more often than the init. If the init has
 * execed since (systemctl daemon-reexec), that may be false. systemd 257 execs systemd-executor
 * first; the exec of the command is the second one. 255 execs that in its own cgroup.
 */
static __always_inline bool is_command(struct task_struct *task, struct task_pidns *own)
{
	struct pid_namespace *ns = own->ns;
	struct task_struct *init;
	__u64 of_init;

	if (NUMBERS_ARE_TYPED) {
		init = ns->child_reaper;
		of_init = init->self_exec_id;
	} else {
		init = BPF_CORE_READ(ns, child_reaper);
		of_init = BPF_CORE_READ(init, self_exec_id);
	}
	if (task->parent_exec_id != of_init || task->self_exec_id != of_init + 1)
		return false;
	/* With PIDNS_SPLIT_ALL, the init's cgroup has a part, too. verifier: by address, as
	 * process_of() says. */
	return config.capture_identities &&
	       BPF_CORE_READ(task, real_parent, group_leader) == init &&
	       BPF_CORE_READ(task, cgroups) != BPF_CORE_READ(init, cgroups);
}

/* Returns what getpid() returns in the process. */
static __always_inline __u32 pid_inside(struct task_struct *task, const struct process *process,
					const struct task_pidns *own)
{
	/* The leader's own number: own_namespace() has found that of the thread. */
	if (likely(task->pid == task->tgid) || !process->pid)
		return own->nr;
	return number_in(process->pid, own);
}

/* Returns what getppid() returns in the process: 0 if the parent is outside its namespace. */
static __always_inline __u32 ppid_inside(const struct process *process,
					 const struct task_pidns *own)
{
	return number_in(process->parent, own);
}

/* Copies a thread's comm, in words: the helper that copies text is refused in lockdown, and is
 * slower. */
static __always_inline void read_comm(char comm[PIDNS_COMM], struct task_struct *task)
{
	_Static_assert(PIDNS_COMM == 2 * sizeof(__u64), "two words");
	((__u64 *)comm)[0] = ((__u64 *)task->comm)[0];
	((__u64 *)comm)[1] = ((__u64 *)task->comm)[1];
}
