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

/* Receives a message, which is freed after it returns. */
typedef void (*shim_MessageReceiver)(const char *message);

/* Where the receiver is stored. In a function, because Swift emits no variable of a header. */
static inline shim_MessageReceiver *shim_receiver(void)
{
	static shim_MessageReceiver receiver;

	return &receiver;
}

/* Formats a message. In C, because Swift's compiler crashes on a va_list of arm64. */
static inline int shim_print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	va_list again;
	int length;
	char *text;

	if (level == LIBBPF_DEBUG)
		return 0;
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	text = length < 0 ? NULL : malloc((size_t)length + 1);
	if (text) {
		vsnprintf(text, (size_t)length + 1, format, again);
		(*shim_receiver())(text);
		free(text);
	}
	va_end(again);
	return 0;
}

/* Has libbpf send its messages except those for debugging, for the whole process. */
static inline void shim_capture(shim_MessageReceiver receiver)
{
	*shim_receiver() = receiver;
	libbpf_set_print(shim_print);
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
