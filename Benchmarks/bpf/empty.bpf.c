/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Empty programs at the exporter's hooks: the cost of a run without counting.
 *
 * Hooks: tp_btf on task_newtask, sched_process_exec, sched_process_exit, sched_process_free.
 * Needs: Linux 5.10 with BTF.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/task_newtask")
int empty_fork(__u64 *ctx __attribute__((unused)))
{
	return 0;
}

SEC("tp_btf/sched_process_exec")
int empty_exec(__u64 *ctx __attribute__((unused)))
{
	return 0;
}

SEC("tp_btf/sched_process_exit")
int empty_exit(__u64 *ctx __attribute__((unused)))
{
	return 0;
}

SEC("tp_btf/sched_process_free")
int empty_free(__u64 *ctx __attribute__((unused)))
{
	return 0;
}
