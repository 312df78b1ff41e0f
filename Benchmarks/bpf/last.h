/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Whether an exit is that of a process, as far as the argument of the tracepoint tells. */
#pragma once

#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <stdbool.h>

/* libbpf sets it. The verifier then removes branches that this kernel cannot reach. */
extern int LINUX_KERNEL_VERSION __kconfig;

/*
 * Before 6.16 the last thread of a process cannot be distinguished from one that exits at the same
 * time, so both may be counted here. The variant `claimed` measures the cost of distinguishing
 * them.
 */
static __always_inline bool is_last(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	if (LINUX_KERNEL_VERSION >= (6 << 16 | 16 << 8))
		return ctx[1];
	return task->signal->live.counter == 0;
}
