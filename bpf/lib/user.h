/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Maps ids of the initial user namespace into another one. */
#pragma once

#include "config.h"
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* What getuid() returns for a user without an id: the default of kernel.overflowuid. */
enum { OVERFLOW_ID = 65534 };

/* Extents that are in the map itself; more, up to 340, are behind a pointer. */
enum { INLINE_EXTENTS = 5, LOG2_EXTENTS = 9 };

/* All ones if a < b, else 0. verifier: no branches, because it would follow each path through them.
 */
static __always_inline __u32 mask_if_less(__u32 a, __u32 b)
{
	return -(__u32)(((__u64)a - b) >> 63);
}

/* Stores the id to which an extent maps another one in `found`, if it has one. */
static __always_inline void look_up(const struct uid_gid_extent *extent, __u32 id, __u32 is_used,
				    __u32 *found)
{
	__u32 distance = id - extent->lower_first;
	__u32 is_in = is_used & mask_if_less(distance, extent->count);

	*found = (is_in & (extent->first + distance)) | (~is_in & *found);
}

/*
 * id_inside() for a map of many extents, which are sorted: the last one that begins at the id or
 * before it.
 *
 * verifier: not static, so that it is verified once.
 */
__noinline __u32 id_in_long_map(__u64 sorted, __u32 extents, __u32 id)
{
	struct uid_gid_extent extent = {};
	__u32 found = OVERFLOW_ID;
	__u32 last = 0;

	if (!config.capture_identities)
		return found;
	for (int bit = LOG2_EXTENTS - 1; bit >= 0; bit--) {
		__u32 index = last + (1U << bit);

		bpf_probe_read_kernel(&extent, sizeof(extent),
				      (void *)(sorted + (__u64)index * sizeof(extent)));
		last += (1U << bit) & mask_if_less(index, extents) &
			~mask_if_less(id, extent.lower_first);
	}
	bpf_probe_read_kernel(&extent, sizeof(extent),
			      (void *)(sorted + (__u64)last * sizeof(extent)));
	look_up(&extent, id, -1, &found);
	return found;
}

/* The kernel's from_kuid_munged(), and from_kgid_munged(). */
static __noinline __u32 id_inside(struct uid_gid_map *map, __u32 id)
{
	__u32 extents = map->nr_extents;
	__u32 found = OVERFLOW_ID;

	/* By address: for the verifier the pointer is a part of the first extent. */
	if (config.capture_identities && extents > INLINE_EXTENTS)
		return id_in_long_map((__u64)BPF_CORE_READ(map, reverse), extents, id);
#pragma unroll
	for (__u32 i = 0; i < INLINE_EXTENTS; i++) {
		struct uid_gid_extent extent;

		extent.first = map->extent[i].first;
		extent.lower_first = map->extent[i].lower_first;
		extent.count = map->extent[i].count;
		look_up(&extent, id, mask_if_less(i, extents), &found);
	}
	return found;
}
