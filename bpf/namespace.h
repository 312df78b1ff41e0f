/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Which pid namespace a task is in. */
#pragma once

#include "pidns.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

struct membership {
	struct pidns_key key;
	int nr; /* the task's number inside; 1 is the namespace's init */
};

/*
 * &numbers[level] of a pid, from the container in a container on.
 *
 * verifier: a variable offset into a kernel struct is refused, so every level is spelled out; once,
 * not at each use.
 */
static __noinline struct upid *deep_number(struct pid *pid)
{
#define LEVEL(n) \
	case n:  \
		return &pid->numbers[n]
#define FOUR_LEVELS(n) \
	LEVEL(n);      \
	LEVEL(n + 1);  \
	LEVEL(n + 2);  \
	LEVEL(n + 3)

	_Static_assert(MAX_PID_NS_LEVEL == 32, "every level has its case");
	switch (pid->level) {
		FOUR_LEVELS(2);
		FOUR_LEVELS(6);
		FOUR_LEVELS(10);
		FOUR_LEVELS(14);
		FOUR_LEVELS(18);
		FOUR_LEVELS(22);
		FOUR_LEVELS(26);
		LEVEL(30);
		LEVEL(31);
		LEVEL(32);
	default:
		return 0;
	}
#undef FOUR_LEVELS
#undef LEVEL
}

/* &numbers[level] of a pid. */
static __always_inline struct upid *own_number(struct pid *pid)
{
	switch (pid->level) {
	case 0: /* the host */
		return &pid->numbers[0];
	case 1: /* a container */
		return &pid->numbers[1];
	default:
		return deep_number(pid);
	}
}

/*
 * own_namespace() where `numbers` is declared as an array of one element (before 6.5): the verifier
 * then takes what is behind the first for something else, so it is read by address.
 */
static __always_inline bool own_namespace_probed(struct pid *pid, struct membership *own)
{
	struct upid number;
	__u64 offset = bpf_core_field_offset(pid->numbers) + (__u64)pid->level * sizeof(number);
	struct pid_namespace *ns;

	if (bpf_probe_read_kernel(&number, sizeof(number), (void *)pid + offset))
		return false;
	ns = number.ns;
	own->nr = number.nr;
	own->key.inum = BPF_CORE_READ(ns, ns.inum);
	own->key.padding = 0;
	if (bpf_core_field_exists(ns->ns.ns_id))
		own->key.generation = BPF_CORE_READ(ns, ns.ns_id);
	else
		own->key.generation = BPF_CORE_READ(ns, child_reaper, group_leader, start_boottime);
	return own->key.inum != 0;
}

/*
 * Fills in of which namespace `task` is a member; false for a task that has been released.
 *
 * It is the namespace of the task's own pid (the kernel's task_active_pid_ns), not
 * nsproxy->pid_ns_for_children: that is where its future children go, and NULL in a zombie.
 *
 * The generation is ns_id, which is never reused. On kernels without it, it is the start of the
 * namespace's init, which is there for as long as any member is, and which de_thread() hands on
 * when another thread of init execs.
 */
static __always_inline bool own_namespace(struct task_struct *task, struct membership *own)
{
	struct pid *pid = task->thread_pid;
	struct upid *number;
	struct pid_namespace *ns;

	if (!bpf_core_field_exists(pid->numbers[1]))
		return own_namespace_probed(pid, own);

	number = own_number(pid);
	if (!number)
		return false;
	ns = number->ns;
	own->nr = number->nr;
	own->key.inum = ns->ns.inum;
	own->key.padding = 0;
	if (bpf_core_field_exists(ns->ns.ns_id))
		own->key.generation = ns->ns.ns_id;
	else
		own->key.generation = ns->child_reaper->group_leader->start_boottime;
	return own->key.inum != 0;
}
