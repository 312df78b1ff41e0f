/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* LIBBPF_OPTS is a C macro, which Swift cannot import. */

static inline struct bpf_object *shim_open_object(const void *bytes, size_t size, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name);
	return bpf_object__open_mem(bytes, size, &options);
}

/* vasprintf, which Swift does not see: for the caller to free, NULL without memory. */
static inline char *shim_format(const char *format, va_list arguments)
{
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	char *text = length < 0 ? NULL : malloc((size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

/* Whether programs that trace may read strings by their addresses: loads one that does, and lets it
 * go. Instructions are made by macros of the kernel's that are in no header of libbpf. */
static inline int shim_reads_addresses(void)
{
	const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel_str},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int program =
		bpf_prog_load(BPF_PROG_TYPE_KPROBE, "pidns_probe", "Dual BSD/GPL", instructions,
			      sizeof(instructions) / sizeof(*instructions), NULL);

	if (program < 0)
		return 0;
	close(program);
	return 1;
}
