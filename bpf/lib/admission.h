/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Limits the number of parts.
 *
 * A part exists while it has an entry in `namespaces`. User space deletes it once its cgroup is
 * removed: then no process can enter it. If there is no room for another part, its events are
 * counted in part 0, so none is lost.
 */
#pragma once

#include "part.h"

/*
 * The number of parts so far, and the number that user space has deleted. Each map has one writer,
 * so that no write is lost. Elements: PIDNS_PARTS_….
 */
struct parts_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PIDNS_PARTS_ELEMENTS);
	__type(key, __u32);
	__type(value, __u64);
};

struct parts_map parts_admitted SEC(".maps");
struct parts_map parts_released SEC(".maps");

/* Reserves one of the remaining parts of an element of the maps; false if there is none. */
static __always_inline bool reserve_part(__u32 element, __u32 limit)
{
	__u64 *admitted = bpf_map_lookup_elem(&parts_admitted, &element);
	__u64 *released = bpf_map_lookup_elem(&parts_released, &element);

	/* Signed: if user space was killed between two writes, a part may be released twice. */
	if (!admitted || !released || (__s64)(*admitted - *released) >= limit)
		return false;
	add_atomic(admitted, 1);
	return true;
}

static __always_inline void unreserve_part(__u32 element)
{
	__u64 *admitted = bpf_map_lookup_elem(&parts_admitted, &element);

	if (admitted)
		add_atomic(admitted, -1);
}

/*
 * Half of all parts are for the outermost namespace. Every other namespace has at most an eighth of
 * the other half: a container that creates cgroups without end cannot use the parts of all others.
 */
static __always_inline bool reserve_part_of_namespace(__u32 element)
{
	if (element == PIDNS_PARTS_OUTERMOST)
		return reserve_part(element, config.parts / 2);
	if (!reserve_part(element, config.parts / 16))
		return false;
	if (reserve_part(PIDNS_PARTS_OTHERS, config.parts / 2))
		return true;
	unreserve_part(element);
	return false;
}

static __always_inline __u32 parts_element(const struct task_pidns *own)
{
	__u32 inum = own->part.namespace.inum;
	struct pid_namespace *ns = own->ns;

	if (config.outermost ? inum == config.outermost : BPF_CORE_READ(ns, level) == 0)
		return PIDNS_PARTS_OUTERMOST;
	return PIDNS_PARTS_BY_INUM + inum % (PIDNS_PARTS_ELEMENTS - PIDNS_PARTS_BY_INUM);
}
