/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * As bare.bpf.c, but an exit reads the clock, which a lifetime needs: the minimum of a program that
 * also counts lifetimes.
 */
#include "bare.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __u64 newest_exit;

SEC("tp_btf/sched_process_exec")
int bare_exec(__u64 *ctx)
{
	count_bare(&bare_execs, (void *)ctx[0]);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int bare_exit(__u64 *ctx)
{
	if (!is_last(ctx))
		return 0;
	count_bare(&bare_exits, (void *)ctx[0]);
	newest_exit = bpf_ktime_get_boot_ns();
	return 0;
}
