/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Distinguishes the exit of a process from that of a thread; its reason and its lifetime. */
#pragma once

#include "config.h"
#include "namespace.h"
#include "process.h"

/*
 * Processes whose exit is counted while other threads of theirs may still reach the tracepoint. An
 * entry is removed when the leader is freed, which happens after all other threads; user space
 * removes entries of processes that no longer exist. If the map is full, racing threads of other
 * processes each count as an exit.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct pidns_exit_claim);
	__type(value, __u32);
} exit_claims SEC(".maps");

/*
 * The number of entries of exit_claims, by the low bits of their tgid. At 0, the lookup is skipped:
 * it costs more than the rest of an exit, and most processes have one thread.
 */
static __u64 claims_by_tgid[1024] SEC(".data.shared");

/* The number of all entries of exit_claims, so that freeing a process mostly reads one word. */
static __u64 claims SEC(".data.shared");

static __always_inline __u64 *claims_near(__u32 tgid)
{
	return &claims_by_tgid[tgid % (sizeof(claims_by_tgid) / sizeof(*claims_by_tgid))];
}

/*
 * Returns whether this thread is the first of its process to reach the tracepoint with no live
 * thread left. This is the main path of every kernel before 6.16. Several threads may decrement
 * signal->live before any of them arrives here, and then all see 0: without the claim, some
 * processes would be counted twice.
 */
static __always_inline bool claim_exit(struct task_struct *task)
{
	static const __u32 claimed = 1;
	__u32 tgid = task->tgid;
	/* Other threads, if any, have passed the tracepoint and were released. */
	bool is_alone = task->signal->nr_threads == 1;
	struct pidns_exit_claim claim = {.tgid = tgid};
	int error;

	if (is_alone && !*claims_near(tgid))
		return true;
	claim.start = task->group_leader->start_boottime;
	if (is_alone)
		return !bpf_map_lookup_elem(&exit_claims, &claim);
	error = add_if_absent(&exit_claims, &claim, &claimed);
	if (error == 0) {
		add_atomic(&claims, 1);
		add_atomic(claims_near(tgid), 1);
	}
	return error != -EEXIST;
}

/* Removes the claim of a process when its leader is freed. */
static __always_inline void release_claim(struct task_struct *task)
{
	struct pidns_exit_claim claim = {};

	if (!claims)
		return;
	claim.tgid = task->tgid;
	/* A leader that another thread's exec displaced no longer has its pid. */
	if (task->pid != task->tgid || !*claims_near(claim.tgid))
		return;
	claim.start = task->start_boottime;
	if (bpf_map_delete_elem(&exit_claims, &claim) == 0) {
		add_atomic(claims_near(claim.tgid), -1);
		add_atomic(&claims, -1);
	}
}

/*
 * The status that reboot(2) sets for the init of its namespace: SIGINT (power off, halt) or
 * SIGHUP (restart). 0 if it was not called, and for all processes but the init.
 *
 * The kernel stores it in the namespace and kills the init by SIGKILL. It writes it over the
 * group's status at the end of zap_pid_ns_processes(), which is after the exit's tracepoint.
 */
static __always_inline int reboot_status(struct signal_struct *signal, struct pid_namespace *ns)
{
	if (NUMBERS_ARE_TYPED)
		return ns->reboot && ns->child_reaper->signal == signal ? ns->reboot : 0;
	return BPF_CORE_READ(ns, child_reaper, signal) == signal ? BPF_CORE_READ(ns, reboot) : 0;
}

/*
 * The status that wait() reports for a process whose last thread exits. It is that of the group, if
 * an exit_group or a signal has set one. For threads that exit one by one, later kernels (seen on
 * 6.1) set it to the last thread's status; on others (seen on 5.10), wait() reports the leader's.
 * No signal can change it any more, because every thread ignores signals by then (PF_EXITING).
 * reboot() in the namespace can change it; this is missed only if another process calls it after
 * the init has exited.
 */
static __always_inline int wait_status(struct task_struct *task, const struct process *process,
				       const struct task_pidns *own)
{
	struct signal_struct *signal = process->signal;
	int reboot;

	if (unlikely(!(signal->flags & SIGNAL_GROUP_EXIT)))
		return process->leader->exit_code;
	/* Of the init, or of one of its threads. */
	if (unlikely(own->nr == 1 || task->pid != task->tgid)) {
		reboot = reboot_status(signal, own->ns);
		if (reboot)
			return reboot;
	}
	return signal->group_exit_code;
}

/*
 * Returns whether the status of the process is the leader's and not written yet: the leader has
 * decremented signal->live, but has not reached the tracepoint. It will reach it with the status
 * (it writes it before it releases its memory).
 */
static __always_inline bool is_left_to_leader(struct task_struct *task)
{
	return task->pid != task->tgid && !(task->signal->flags & SIGNAL_GROUP_EXIT) &&
	       task->group_leader->mm;
}

static __always_inline int status_signal(int status)
{
	return status & 0x7f;
}

static __always_inline bool status_has_core(int status)
{
	return status & 0x80;
}

static __always_inline __u32 status_code(int status)
{
	return status >> 8 & 0xff;
}

static __always_inline enum pidns_reason exit_reason(int status, struct pid_namespace *ns,
						     bool was_oom_killed)
{
	int signal = status_signal(status);

	_Static_assert(PIDNS_COMPLETED == 0 && PIDNS_ERROR == 1, "by whether there is a code");
	if (likely(!signal))
		return -status_code(status) >> 31;
	if (signal == SIGKILL && !was_oom_killed && is_torn_down(ns))
		return PIDNS_TEARDOWN;
	return PIDNS_SIGNALED;
}
