/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Which of two generations of programs counts, while both are attached: those of an earlier
 * exporter that were pinned, and those of the next one.
 *
 * All programs of an event run on one CPU, one after another, without preemption. User space
 * changes the entry of a CPU while it runs on that CPU. So all of them see the same value, and
 * exactly one generation counts the event. From Linux 7.0 on, tasks are preempted between programs:
 * there the marks of attempts.h, which both generations share, keep an event from being counted
 * twice.
 *
 * The maps that follow single tasks are shared, too: exit_claims, oom_victims, marks and
 * `.data.shared`.
 */
#pragma once

#include "config.h"

/* The generation that counts, by CPU. User space sets max_entries. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} gates SEC(".maps");

/* Whether this generation counts the events on this CPU. Without pins there is one generation, and
 * the verifier removes this. */
static __always_inline bool counts_here(void)
{
	__u32 *generation, cpu;

	if (!config.generation)
		return true;
	cpu = bpf_get_smp_processor_id();
	generation = bpf_map_lookup_elem(&gates, &cpu);
	return likely(generation) &&
	       (likely(*generation == config.generation) || *generation == PIDNS_ANY_GENERATION);
}
