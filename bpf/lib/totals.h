/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The totals of the node. */
#pragma once

#include "config.h"

/* One value per CPU. It needs no insertion, so it counts every event. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pidns_node);
} node SEC(".maps");

static __always_inline struct pidns_node *this_cpus_node(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&node, &only);
}
