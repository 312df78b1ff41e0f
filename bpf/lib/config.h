/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What all programs are told, and what they share of counting and of inserting. */
#pragma once

#include "abi.h"

#include <bpf/bpf_helpers.h>
#include <stdbool.h>

const volatile struct pidns_config config SEC(".rodata.config") = {
	.possible_cpus = 1,
	.attempts = 1,
};

/*
 * Adds to a counter that other CPUs add to, too.
 *
 * Relaxed: clang makes others an instruction that 5.10 lacks, even when what they fetch is not used
 * (upstream 5ca419f2864a, 5.12).
 */
static __always_inline void add_atomic(__u64 *counter, __u64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/*
 * Adds to a counter of this CPU. The kernel never runs a program on a CPU where that same program
 * is under way, so that plain additions lose nothing, unless several programs count one thing.
 */
static __always_inline void add_percpu(__u64 *counter, __u64 n)
{
	if (config.attempts > 1)
		add_atomic(counter, n);
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
