/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Keeps the latest process of each kind: see struct pidns_exemplar. */
#pragma once

#include "counters.h"
#include "exemplar.h"
#include "process.h"

/*
 * Exemplars of signal deaths, which are rare and of many kinds. Sized and emptied like `exits`:
 * most namespaces have none. If it is full, the first death of a further kind is not kept.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_detail);
	__type(value, struct pidns_exemplar);
} signal_exemplars SEC(".maps");

/* The time of the last exec, on any CPU. */
static __u64 newest_exec;

/*
 * The time of an exec, accurate to the tick (1 to 10 ms). Each exec is at least a nanosecond later
 * than the previous one.
 *
 * A clock read takes as long as the rest of an exec (130 ns on a virtual machine; an exit reads it
 * for the lifetime anyway). So only the first exec of a tick on this CPU reads it, and an exec
 * after one on another CPU. Other execs add 1 to the last time.
 */
static __always_inline __u64 time_of_exec(struct pidns_node *here)
{
	__u64 tick, time;

	if (!config.keep_exemplars)
		return 0;
	tick = bpf_jiffies64();
	time = here->exec_time + 1;
	if (tick != here->exec_tick || time <= newest_exec) {
		time = bpf_ktime_get_boot_ns();
		here->exec_tick = tick;
	}
	here->exec_time = time;
	newest_exec = time;
	return time;
}

/*
 * Fills in an exemplar. If exemplars are off, it is empty and unused.
 *
 * verifier: before all other branches, because the numbers branch by level.
 */
static __always_inline void describe(struct pidns_exemplar *exemplar, struct task_struct *task,
				     const struct task_pidns *own, __u64 now)
{
	struct task_struct *leader = task->group_leader;

	if (!config.keep_exemplars)
		return;
	exemplar->time = now;
	exemplar->pid = pid_inside(task, own);
	exemplar->host_pid = task->tgid;
	exemplar->ppid = ppid_inside(task, own);
	read_comm(exemplar->comm, leader);
	exemplar->sum = exemplar_sum(exemplar);
}

/* Replaces the previous exemplar. */
static __always_inline void keep(struct pidns_exemplar *place, const struct pidns_exemplar *latest)
{
	if (config.keep_exemplars)
		*place = *latest;
}

/* The same for a death by signal. */
static __noinline int keep_signal_death(const struct pidns_part *part, __u32 signal,
					const struct pidns_exemplar *latest)
{
	struct pidns_detail death = {.part = *part, .kind = PIDNS_SIGNAL_DEATH, .value = signal};
	struct pidns_exemplar *place = bpf_map_lookup_elem(&signal_exemplars, &death);

	/* In place: an update would replace the entry while user space may be reading
	 * it. */
	if (place)
		*place = *latest;
	/* Without an entry in `exits` nothing would delete this one. */
	else if (bpf_map_lookup_elem(&exits, part))
		add_if_absent(&signal_exemplars, &death, latest);
	return 0;
}
