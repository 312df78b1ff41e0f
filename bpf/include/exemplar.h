/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The checksum that detects torn reads of exemplars. Needs no kernel, so tests run without one. */
#pragma once

#include "abi.h"

/*
 * Returns the checksum of all other fields, for `sum`.
 *
 * Several CPUs may write an exemplar at the same time, also while user space reads it. From Linux
 * 7.0 on, a program can be preempted in the middle of a write. A lock would cost more than
 * everything else. So a checksum detects torn reads, except one in 2^32: a torn exemplar is skipped
 * and the previous one kept.
 *
 * verifier: no branches.
 */
static inline __attribute__((always_inline)) __u32
exemplar_sum(const struct pidns_exemplar *exemplar)
{
	/* 2^64 by the golden ratio; odd, so that a product has lost nothing. */
	const __u64 factor = 0x9e3779b97f4a7c15ULL;
	__u64 comm[2];
	__u64 sum = factor;

	_Static_assert(sizeof(comm) == sizeof(exemplar->comm), "whole words");
	__builtin_memcpy(comm, exemplar->comm, sizeof(comm));
	sum = (sum ^ exemplar->time) * factor;
	sum = (sum ^ ((__u64)exemplar->host_pid << 32 | exemplar->pid)) * factor;
	sum = (sum ^ exemplar->ppid) * factor;
	/* Products carry upwards only, so this mixes the upper bits into the lower ones. */
	sum = (sum ^ sum >> 32 ^ comm[0]) * factor;
	sum = (sum ^ sum >> 32 ^ comm[1]) * factor;
	return sum >> 32;
}
