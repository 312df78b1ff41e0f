/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Two bare counters, the minimum of a program that counts by PID namespace: execs and exits, each
 * in a hash by inum. Typed loads, no node totals, no part, no reason, no lifetime, no exemplar.
 *
 * Hooks: tp_btf on sched_process_exec and sched_process_exit.
 *
 * Needs Linux 5.10 with BTF.
 */
#include "bare.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sched_process_exec")
int bare_exec(__u64 *ctx)
{
	count_bare(&bare_execs, (void *)ctx[0]);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int bare_exit(__u64 *ctx)
{
	if (is_last(ctx))
		count_bare(&bare_exits, (void *)ctx[0]);
	return 0;
}
