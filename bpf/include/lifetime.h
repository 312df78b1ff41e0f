/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The bucket of a lifetime. Needs no kernel, so tests run without one. */
#pragma once

#include "abi.h"

/*
 * The number of bits of a number below 2^63: 0 for 0.
 *
 * verifier: no branches, because it would follow each path through them to the end of the program.
 */
static inline __attribute__((always_inline)) __u32 bit_length(__u64 number)
{
	__u32 length = 0;

	for (__u32 half = 32; half; half /= 2) {
		__u64 left = ((1ULL << half) - 1) - number;
		__u64 has_more;

		/* Otherwise clang makes it a branch. */
		__asm__ volatile("" : "+r"(left));
		/* All ones if it has more than half of the bits, otherwise 0. */
		has_more = -(left >> 63);
		number >>= half & has_more;
		length += half & has_more;
	}
	return length + number;
}

/*
 * The bucket of a lifetime: the least i for which ns <= 10^9 * 2^(i-14). That is ns * 2^5 <= 5^9 *
 * 2^i, and so the length of the largest whole number below ns * 2^5 / 5^9. Exact for 18 years.
 */
static inline __attribute__((always_inline)) __u32 lifetime_bucket(__u64 ns)
{
	const __u64 five_to_the_ninth = 1953125;
	__u32 bucket;

	_Static_assert(PIDNS_LIFETIMES_PER_SECOND_LOG2 == 14, "2^5 is 2^14 of 10^9 = 2^9 * 5^9");
	if (ns == 0)
		return 0;
	bucket = bit_length(((ns << 5) - 1) / five_to_the_ninth);
	return bucket < PIDNS_LIFETIMES ? bucket : PIDNS_LIFETIMES - 1;
}
