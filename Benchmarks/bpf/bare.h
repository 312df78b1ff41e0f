/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What bare.bpf.c and clock.bpf.c share. */
#pragma once

#include "last.h"
#include "namespace.h"

struct bare_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
};

struct bare_map bare_execs SEC(".maps");
struct bare_map bare_exits SEC(".maps");

static __always_inline void count_bare(void *map, struct task_struct *task)
{
	static const __u64 zero;
	struct pid *pid = task->thread_pid;
	struct upid *number = number_at(pid, pid->level);
	__u64 *count;
	__u32 inum;

	if (!number)
		return;
	inum = number->ns->ns.inum;
	count = bpf_map_lookup_elem(map, &inum);
	if (!count) {
		bpf_map_update_elem(map, &inum, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(map, &inum);
	}
	if (count)
		add_atomic(count, 1);
}
