/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The configuration of all programs, and shared functions that count and insert. */
#pragma once

#include "abi.h"

#include <bpf/bpf_helpers.h>
#include <stdbool.h>

/* libbpf 1.6 defines them, too. */
#undef likely
#undef unlikely
#define likely(condition)   __builtin_expect_with_probability(!!(condition), 1, 0.9)
#define unlikely(condition) __builtin_expect_with_probability(!!(condition), 0, 0.9)

const volatile struct pidns_config config SEC(".rodata.config") = {
	.attempts = 1,
};

/*
 * Adds to a counter that other CPUs add to, too.
 *
 * Relaxed: for other orders clang emits an instruction that 5.10 lacks, even if the result is
 * unused (upstream 5ca419f2864a, 5.12).
 */
static __always_inline void add_atomic(__u64 *counter, __u64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/*
 * Adds to a counter of this CPU. The kernel never runs a program on a CPU on which the same program
 * is running. So plain additions lose nothing, unless several programs share a counter.
 */
static __always_inline void add_percpu(__u64 *counter, __u64 n)
{
	if (config.attempts > 1)
		add_atomic(counter, n);
	else
		*counter += n;
}

/*
 * Inserts an entry. Returns 0 or a negative errno as an int. Before 6.4, the upper half of the
 * helper's long is undefined (upstream d7ba4cc900bf), so -EEXIST would be 4294967279.
 */
static __always_inline int add_if_absent(void *map, const void *key, const void *value)
{
	return (int)bpf_map_update_elem(map, key, value, BPF_NOEXIST);
}
