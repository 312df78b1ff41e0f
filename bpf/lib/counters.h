/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The maps of the counters, and the choice of the counters for an event. */
#pragma once

#include "admission.h"
#include "totals.h"

/*
 * The counts of each part of a namespace. Here and in the other hashes, user space sets max_entries
 * (a flag), and BPF_F_NO_PREALLOC if the kernel makes that safe. It deletes the entries of a
 * namespace without tasks. If the map is full, the events of further namespaces are counted in
 * node.dropped.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_part);
	__type(value, struct pidns_counts);
} namespaces SEC(".maps");

/* Counts of rare events that have many kinds. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_detail);
	__type(value, __u64);
} details SEC(".maps");

/*
 * The counters of events that no entry could count, by the error of the map update.
 *
 * verifier: a look-up instead of branches: each constant would be a separate state in all following
 * code.
 */
static __always_inline struct pidns_events *dropped(struct pidns_node *totals, int error)
{
	enum { ERRNOS = 128 };
	static const volatile __u8 reasons[ERRNOS] = {
		[E2BIG] = PIDNS_DROP_MAP_FULL,
		[ENOMEM] = PIDNS_DROP_NO_MEMORY,
		[EBUSY] = PIDNS_DROP_BUSY,
	};
	__u8 reason = reasons[(__u32)-error % ERRNOS];

	if (reason >= PIDNS_DROP_REASONS)
		reason = PIDNS_DROP_OTHER;
	return &totals->dropped[reason];
}

/* Adds the part of an event, or selects part 0 instead. */
static __noinline int add_part(struct task_struct *task, struct task_pidns *own,
			       struct pidns_node *totals, enum scratch scratch)
{
	static const struct pidns_counts zero;
	__u32 element = parts_element(own);
	int error;

	if (reserve_part_of_namespace(element)) {
		if (capture_cgroup(task, own->part.cgroup, &totals->cgroups_written, scratch)) {
			/* Another CPU may have written it, and not counted that yet. A reader of
			 * the counts would not look for it then. */
			add_atomic(&totals->cgroups_written, 1);
			error = add_if_absent(&namespaces, &own->part, &zero);
			if (error == 0)
				return 0;
		} else {
			error = -E2BIG;
		}
		if (element != PIDNS_PARTS_OUTERMOST)
			unreserve_part(PIDNS_PARTS_OTHERS);
		unreserve_part(element);
		/* Another CPU was first. */
		if (error == -EEXIST)
			return 0;
	}
	own->part.cgroup = 0;
	add_atomic(&totals->parts_refused, 1);
	return 0;
}

/* Inserts an entry for a new part; NULL if that fails, and then own->error has the reason. */
static __noinline struct pidns_counts *first_counts(struct task_struct *task,
						    struct task_pidns *own,
						    struct pidns_node *totals, enum scratch scratch)
{
	static const struct pidns_counts zero;

	capture_first_identity(own, &totals->identities_written, scratch);
	/* As in add_part(). */
	add_atomic(&totals->identities_written, 1);
	if (config.split && own->part.cgroup)
		add_part(task, own, totals, scratch);
	own->error = add_if_absent(&namespaces, &own->part, &zero);
	/* EEXIST: the entry is that of add_part(), or another CPU was first. */
	return bpf_map_lookup_elem(&namespaces, &own->part);
}

/* The counts for an event; NULL if there is no room for them. */
static __always_inline struct pidns_counts *counts_of(struct task_struct *task,
						      struct task_pidns *own,
						      struct pidns_node *totals,
						      enum scratch scratch)
{
	struct pidns_counts *counts = bpf_map_lookup_elem(&namespaces, &own->part);

	if (unlikely(!counts))
		counts = first_counts(task, own, totals, scratch);
	return counts;
}

/*
 * The counts that a process of this part was counted in before; NULL if there was no room for them.
 *
 * verifier: much less than counts_of().
 */
static __always_inline struct pidns_counts *existing_counts(struct task_pidns *own)
{
	struct pidns_counts *counts = bpf_map_lookup_elem(&namespaces, &own->part);

	if (counts || !own->part.cgroup)
		return counts;
	own->part.cgroup = 0;
	return bpf_map_lookup_elem(&namespaces, &own->part);
}

/* Counts a rare event by its kind. */
static __noinline int count_detail(const struct pidns_part *part, struct pidns_node *totals,
				   __u32 kind, __u32 value)
{
	static const __u64 zero;
	struct pidns_detail detail = {.part = *part, .kind = kind, .value = value};
	__u64 *count = bpf_map_lookup_elem(&details, &detail);

	if (!count) {
		add_if_absent(&details, &detail, &zero);
		count = bpf_map_lookup_elem(&details, &detail);
	}
	if (count) {
		add_atomic(count, 1);
		/* After the count: a reader makes a system call between the two reads. */
		add_atomic(&totals->details_counted, 1);
	} else {
		add_atomic(&totals->details_dropped, 1);
	}
	return 0;
}
