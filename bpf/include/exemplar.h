/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What tells a whole exemplar from a half-written one. Needs no kernel, so that it is tested
 * without one. */
#pragma once

#include "abi.h"

/*
 * What `sum` has to be, from all other fields.
 *
 * Nothing keeps a CPU from writing an exemplar while another one does, or while the user side reads
 * it; from Linux 7.0 on a program can be preempted in the middle of it, too. A lock would cost more
 * than all else here. So what is a mixture of several does not add up, but for one in 2^32, and is
 * passed over: the exemplar before it stays shown.
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
	/* Products carry upwards only: so the upper bits come down again. */
	sum = (sum ^ sum >> 32 ^ comm[0]) * factor;
	sum = (sum ^ sum >> 32 ^ comm[1]) * factor;
	return sum >> 32;
}
