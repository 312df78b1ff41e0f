/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The PID namespace of a task. */
#pragma once

#include "config.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

struct task_pidns {
	struct pidns_part part; /* part 0, unless choose_part() has chosen another one */
	struct pid_namespace *ns;
	int nr; /* the task's number inside; 1 is the namespace's init */
	__u32 level;
	int error; /* of the insertion of its counts */
};

/*
 * Whether the verifier accepts typed reads of a pid's `numbers`. Before 6.5 they are declared as an
 * array of one element, and the verifier rejects the elements after the first.
 */
#define NUMBERS_ARE_TYPED bpf_core_field_exists(((struct pid *)0)->numbers[1])

/*
 * &numbers[level] of a pid with at least that many levels, from level 2 (a container in a
 * container) on.
 *
 * verifier: a variable offset into a kernel struct is refused, so every level is spelled out; once,
 * not at each use.
 */
static __noinline struct upid *deep_number(struct pid *pid, __u32 level)
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
	switch (level) {
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

/* &numbers[level] of a pid with at least that many levels. */
static __always_inline struct upid *number_at(struct pid *pid, __u32 level)
{
	if (likely(level == 1)) /* a container */
		return &pid->numbers[1];
	if (level == 0) /* the host */
		return &pid->numbers[0];
	return deep_number(pid, level);
}

/* Copies numbers[level] of a pid by address. */
static __always_inline bool probe_number(struct pid *pid, __u32 level, struct upid *number)
{
	__u64 offset = bpf_core_field_offset(pid->numbers) + (__u64)level * sizeof(*number);

	return bpf_probe_read_kernel(number, sizeof(*number), (void *)pid + offset) == 0;
}

/* Whether a namespace is config.outermost or inside it. */
static __noinline bool is_inside(struct pid_namespace *ns)
{
	for (int level = 0; level <= MAX_PID_NS_LEVEL && ns; level++) {
		if (NUMBERS_ARE_TYPED) {
			if (ns->ns.inum == config.outermost)
				return true;
			ns = ns->parent;
		} else {
			if (BPF_CORE_READ(ns, ns.inum) == config.outermost)
				return true;
			ns = BPF_CORE_READ(ns, parent);
		}
	}
	return false;
}

/*
 * Whether the exporter counts a namespace. Outside the host's PID namespace, it counts its own and
 * those inside it: exactly those whose tasks its iterators show.
 */
static __always_inline bool is_counted(struct pid_namespace *ns)
{
	return !config.outermost || is_inside(ns);
}

/* own_namespace() by address. */
static __always_inline bool own_namespace_probed(struct pid *pid, struct task_pidns *own)
{
	struct pid_namespace *ns;
	struct upid number;

	own->level = BPF_CORE_READ(pid, level);
	if (!probe_number(pid, own->level, &number))
		return false;
	ns = number.ns;
	own->nr = number.nr;
	own->ns = ns;
	own->part.namespace.inum = BPF_CORE_READ(ns, ns.inum);
	own->part.namespace.padding = 0;
	own->part.cgroup = 0;
	if (bpf_core_field_exists(ns->ns.ns_id))
		own->part.namespace.generation = BPF_CORE_READ(ns, ns.ns_id);
	else
		own->part.namespace.generation =
			BPF_CORE_READ(ns, child_reaper, group_leader, start_boottime);
	return own->part.namespace.inum != 0 && is_counted(ns);
}

/*
 * Fills in the namespace of `task`; false for a task that has been released, or whose namespace is
 * not counted.
 *
 * It is the namespace of the task's own pid (the kernel's task_active_pid_ns), not
 * nsproxy->pid_ns_for_children, which is that of its future children, and NULL in a zombie.
 *
 * The generation is ns_id, which is never reused. On kernels without it, it is the start of the
 * namespace's init, which exists as long as any member does. de_thread() copies it
 * when another thread of init execs.
 */
static __always_inline bool own_namespace(struct task_struct *task, struct task_pidns *own)
{
	struct pid *pid = task->thread_pid;
	struct upid *number;
	struct pid_namespace *ns;

	if (!NUMBERS_ARE_TYPED)
		return own_namespace_probed(pid, own);

	own->level = pid->level;
	if (likely(own->level == 1))
		number = &pid->numbers[1];
	else if (own->level == 0)
		number = &pid->numbers[0];
	else if (!(number = deep_number(pid, own->level)))
		return false;
	ns = number->ns;
	own->nr = number->nr;
	own->ns = ns;
	own->part.namespace.inum = ns->ns.inum;
	own->part.namespace.padding = 0;
	own->part.cgroup = 0;
	if (bpf_core_field_exists(ns->ns.ns_id))
		own->part.namespace.generation = ns->ns.ns_id;
	else
		own->part.namespace.generation = ns->child_reaper->group_leader->start_boottime;
	return own->part.namespace.inum != 0 && is_counted(ns);
}

/* own_namespace() of the task that runs. */
static __always_inline bool current_namespace(struct task_pidns *own)
{
	struct task_struct *task;

	if (NUMBERS_ARE_TYPED)
		return own_namespace(bpf_get_current_task_btf(), own);
	/* 5.10 lacks the helper that returns a typed pointer. */
	task = (void *)bpf_get_current_task();
	return own_namespace_probed(BPF_CORE_READ(task, thread_pid), own);
}

/*
 * Whether the init of this namespace, or of an outer one, has exited. Then the kernel has killed or
 * will kill all processes inside (zap_pid_ns_processes), and starts no new one.
 */
static __noinline __attribute__((unused)) bool is_torn_down(struct pid_namespace *ns)
{
	for (int level = 0; level <= MAX_PID_NS_LEVEL && ns; level++) {
		unsigned int allocated;

		if (NUMBERS_ARE_TYPED)
			allocated = ns->pid_allocated;
		else
			allocated = BPF_CORE_READ(ns, pid_allocated);
		if (!(allocated & PIDNS_ADDING))
			return true;
		if (NUMBERS_ARE_TYPED)
			ns = ns->parent;
		else
			ns = BPF_CORE_READ(ns, parent);
	}
	return false;
}
