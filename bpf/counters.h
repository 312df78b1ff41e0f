/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The maps that events are counted in, and which counters of theirs an event is added to. */
#pragma once

#include "pidns.h"

#include <bpf/bpf_helpers.h>
#include <stdbool.h>

const volatile struct pidns_config config SEC(".rodata.config") = {
	.possible_cpus = 1,
	.attempts = 1,
};

/*
 * What began in each namespace. The user side sets max_entries (a flag) and, where the kernel makes
 * that safe, BPF_F_NO_PREALLOC, here and in the next two, and deletes the entries of a namespace
 * that has no task left. When it is full, the events of further namespaces go into node.dropped.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_key);
	__type(value, struct pidns_counts);
} namespaces SEC(".maps");

/* How the processes of each namespace ended. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_key);
	__type(value, struct pidns_exits);
} exits SEC(".maps");

/* What happens seldom and in many kinds. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_detail);
	__type(value, __u64);
} details SEC(".maps");

/* One value: what holds whatever becomes of the maps above. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pidns_node);
} node SEC(".maps");

/*
 * Adds to a counter that other CPUs add to, too.
 *
 * Relaxed: clang makes others an instruction that 5.10 lacks, even when what they fetch is not used
 * (upstream 5ca419f2864a, 5.12).
 */
static __always_inline void add_shared(__u64 *counter, __u64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/*
 * Adds to a counter of this CPU. The kernel never runs a program on a CPU where that same program
 * is under way, so that plain additions lose nothing, unless several programs count one thing.
 */
static __always_inline void add_here(__u64 *counter, __u64 n)
{
	if (config.attempts > 1)
		add_shared(counter, n);
	else
		*counter += n;
}

/*
 * Inserts an entry and answers 0 or a negative errno, which is an int: before 6.4 (upstream
 * d7ba4cc900bf) the program calls a kernel function that returns one, and the upper half of the
 * helper's long is anything. -EEXIST is 4294967279 then.
 */
static __always_inline int add_if_absent(void *map, const void *key, const void *value)
{
	return (int)bpf_map_update_elem(map, key, value, BPF_NOEXIST);
}

static __always_inline struct pidns_node *this_cpus_node(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&node, &only);
}

static __always_inline struct pidns_events *drop(struct pidns_node *totals, int error)
{
	switch (error) {
	case -E2BIG:
		return &totals->dropped[PIDNS_DROP_MAP_FULL];
	case -ENOMEM:
		return &totals->dropped[PIDNS_DROP_NO_MEMORY];
	case -EBUSY:
		return &totals->dropped[PIDNS_DROP_BUSY];
	default:
		return &totals->dropped[PIDNS_DROP_OTHER];
	}
}

/* Makes room for a namespace that is seen for the first time; else says where its events go. */
static __noinline struct pidns_counts *first_counts(const struct pidns_key *key,
						    struct pidns_node *totals)
{
	static const struct pidns_counts zero;
	struct pidns_counts *counts = 0;
	int error = add_if_absent(&namespaces, key, &zero);

	/* EEXIST: another CPU was first. */
	if (error == 0 || error == -EEXIST)
		counts = bpf_map_lookup_elem(&namespaces, key);
	return counts ? counts : &drop(totals, error)->counts;
}

/* The counts that an event of the namespace `key` on this CPU is to be added to. */
static __always_inline struct pidns_counts *counts_of(const struct pidns_key *key,
						      struct pidns_node *totals)
{
	struct pidns_counts *counts = bpf_map_lookup_elem(&namespaces, key);

	return counts ? counts : first_counts(key, totals);
}

/* first_counts() for exits. */
static __noinline struct pidns_exits *first_exits(const struct pidns_key *key,
						  struct pidns_node *totals)
{
	static const struct pidns_exits zero;
	struct pidns_exits *counts = 0;
	int error = add_if_absent(&exits, key, &zero);

	if (error == 0 || error == -EEXIST)
		counts = bpf_map_lookup_elem(&exits, key);
	return counts ? counts : &drop(totals, error)->exits;
}

/* The counts that the exit of a process of the namespace `key` is to be added to. */
static __always_inline struct pidns_exits *exits_of(const struct pidns_key *key,
						    struct pidns_node *totals)
{
	struct pidns_exits *counts = bpf_map_lookup_elem(&exits, key);

	return counts ? counts : first_exits(key, totals);
}

/* Counts one of what happens in many kinds. */
static __noinline int count_detail(const struct pidns_key *key, struct pidns_node *totals,
				   __u32 kind, __u32 value)
{
	static const __u64 zero;
	struct pidns_detail detail = {.namespace = *key, .kind = kind, .value = value};
	__u64 *count = bpf_map_lookup_elem(&details, &detail);

	if (!count) {
		add_if_absent(&details, &detail, &zero);
		count = bpf_map_lookup_elem(&details, &detail);
	}
	if (count) {
		add_shared(count, 1);
		/* After the count. Whoever reads makes a system call between the two. */
		add_shared(&totals->details_counted, 1);
	} else {
		add_shared(&totals->details_dropped, 1);
	}
	return 0;
}
