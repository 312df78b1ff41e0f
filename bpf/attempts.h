/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Counting where the kernel may skip a program.
 *
 * From Linux 7.0 on (upstream a46023d5616e) a task can be preempted while a program at a tracepoint
 * runs for it. Until it goes on, the kernel skips that program for every other task on that CPU. So
 * there are PIDNS_ATTEMPTS equal programs at each hook. The first of them that runs counts the
 * event and marks it as counted, for the next ones; the last one takes the mark away. An event is
 * lost only if as many tasks are preempted on one CPU at one time, each in another one of the
 * programs.
 */
#pragma once

#include "counters.h"

enum event {
	EVENT_FORK, /* of a process or a thread, by the child's number */
	EVENT_EXEC,
	EVENT_EXIT,
	EVENTS_OF_TASK = 4, /* rounded up, so that those of a task are in one word */
};

/*
 * Bits: which events of a task some attempt has counted, by the number of the task; the user side
 * sets max_entries by kernel.pid_max. A bit is written for its own task only, the words by any:
 * atomically, by additions, as a kernel before 5.12 refuses other atomics, even where they are
 * never reached.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counted_events SEC(".maps");

/* Whether the attempt (from 0) is the one that is to count this event of the task numbered `tid`.
 */
static __always_inline bool is_to_count(enum event event, int tid, __u32 attempt)
{
	__u32 bit = (__u32)tid * EVENTS_OF_TASK + event;
	__u32 index = bit / 64;
	__u64 mask = 1ULL << bit % 64;
	__u64 *word;
	bool is_counted;

	if (config.attempts == 1)
		return true;
	word = bpf_map_lookup_elem(&counted_events, &index);
	/* Beyond kernel.pid_max as it was at the start. */
	if (!word)
		return attempt == 0;
	is_counted = *word & mask;
	if (attempt + 1 < PIDNS_ATTEMPTS) {
		if (!is_counted)
			add_shared(word, mask);
	} else if (is_counted) {
		add_shared(word, -mask);
	}
	return !is_counted;
}
