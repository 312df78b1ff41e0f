/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Keeps the latest process of each kind: see struct pidns_exemplar. */
#pragma once

#include "counters.h"
#include "exemplar.h"
#include "process.h"

/*
 * Signal deaths, which are rare and of many kinds, and the latest of each. Sized and emptied
 * like `namespaces`: most namespaces have none. If it is full, deaths by a further signal are only
 * in the node's counts.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_detail);
	__type(value, struct pidns_signal);
} signals SEC(".maps");

/*
 * The time of an exec, accurate to the tick (1 to 10 ms). Each exec is at least a nanosecond later
 * than the previous one on this CPU.
 *
 * A clock read takes as long as the rest of an exec (130 ns on a virtual machine; an exit reads it
 * for the lifetime anyway). So only the first exec of a tick reads it. Other execs add 1 to the
 * last time.
 */
static __always_inline __u64 time_of_exec(struct pidns_node *here)
{
	__u64 tick;

	if (!config.keep_exemplars)
		return 0;
	tick = bpf_jiffies64();
	if (tick == here->exec_tick)
		return ++here->exec_time;
	here->exec_tick = tick;
	return here->exec_time = bpf_ktime_get_boot_ns();
}

/* Fills in an exemplar. If exemplars are off, it is empty and unused. */
static __always_inline void describe(struct pidns_exemplar *exemplar, struct task_struct *task,
				     const struct process *process, const struct task_pidns *own,
				     __u64 now)
{
	if (!config.keep_exemplars)
		return;
	exemplar->time = now;
	exemplar->pid = pid_inside(task, process, own);
	exemplar->host_pid = task->tgid;
	exemplar->ppid = ppid_inside(process, own);
	read_comm(exemplar->comm, process->leader);
	exemplar->sum = exemplar_sum(exemplar);
}

/* Replaces the previous exemplar. */
static __always_inline void keep(struct pidns_exemplar *place, const struct pidns_exemplar *latest)
{
	if (config.keep_exemplars)
		*place = *latest;
}

/* Counts a signal death in its part, which has an entry: otherwise nothing would delete this
 * one. */
static __noinline int count_signal_death(const struct pidns_part *part, struct pidns_node *totals,
					 __u32 signal, const struct pidns_exemplar *latest)
{
	struct pidns_detail key = {.part = *part, .kind = PIDNS_SIGNAL_DEATH, .value = signal};
	static const struct pidns_signal zero;
	struct pidns_signal *death = bpf_map_lookup_elem(&signals, &key);

	if (!death) {
		add_if_absent(&signals, &key, &zero);
		death = bpf_map_lookup_elem(&signals, &key);
	}
	if (death) {
		keep(&death->latest, latest);
		add_atomic(&death->deaths, 1);
	} else {
		add_atomic(&totals->details_dropped, 1);
	}
	return 0;
}
