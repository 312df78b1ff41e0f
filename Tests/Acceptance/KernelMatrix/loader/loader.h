/* SPDX-License-Identifier: Apache-2.0 */
/* The interface between the two parts of the loader. */
#pragma once

#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "abi.h"

/* loader.c: libbpf and the kernel's BTF. An error ends the loader. */

_Noreturn void fail(const char *what);
void *must(void *pointer, const char *what);
bool has(__u32 kind, const char *name);
bool exit_tells_group_dead(void);
int oom_victim_kind(void);
bool hashes_allocate_safely(void);
struct bpf_map *map(const char *name);
struct bpf_program *program(const char *name);
void iterate(struct bpf_link *link, size_t size, void (*each)(const void *record));
void print_misses(FILE *out, const char *name);

/* contract.c: programs, maps and samples. */

extern bool exec_failures; /* whether they are counted; some kernels reject the program */
void probe(void);
void configure(void);
void attach_all(void);
void print_facts(FILE *out);
void print_counts(FILE *out);
