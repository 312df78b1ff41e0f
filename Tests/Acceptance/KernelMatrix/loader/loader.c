/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pidns-loader SCRAPE
 *
 * Loads /counters.bpf.o like the exporter, and at each SIGUSR1 writes its counts to the
 * file SCRAPE, under the exporter's metric names. Ends at SIGTERM.
 *
 * For machines for which the exporter cannot be built here: it tests the BPF object. The code
 * that follows the contract (abi.h) is in contract.c.
 */
#include "loader.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "pidns-loader: %s: %s\n", what, strerror(errno));
	exit(1);
}

void *must(void *pointer, const char *what)
{
	if (!pointer)
		fail(what);
	return pointer;
}

/* Reads the kernel's BTF, never its version, like KernelFeatures.swift. */

static struct btf *btf;

bool has(__u32 kind, const char *name)
{
	return btf__find_by_name_kind(btf, name, kind) > 0;
}

/* The prototype of a tracepoint: its data, then its arguments; NULL without it. */
static const struct btf_type *prototype(const char *tracepoint)
{
	__s32 id = btf__find_by_name_kind(btf, tracepoint, BTF_KIND_TYPEDEF);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
		type = btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) ? type : NULL;
}

bool exit_tells_group_dead(void)
{
	const struct btf_type *type = prototype("btf_trace_sched_process_exit");

	return type && btf_vlen(type) >= 3;
}

/* The kind of mark_victim's argument: a pointer or an integer; 0 without it. */
int oom_victim_kind(void)
{
	const struct btf_type *type = prototype("btf_trace_mark_victim");

	return type && btf_vlen(type) >= 2
		       ? btf_kind(btf__type_by_id(btf, btf_params(type)[1].type))
		       : 0;
}

bool hashes_allocate_safely(void)
{
	__s32 id = btf__find_by_name_kind(btf, "bpf_htab", BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(btf, btf_members(type)[i].name_off);

		if (!strcmp(name, "pcpu_ma"))
			return true;
	}
	return false;
}

static struct bpf_object *object;

struct bpf_map *map(const char *name)
{
	return must(bpf_object__find_map_by_name(object, name), name);
}

struct bpf_program *program(const char *name)
{
	return must(bpf_object__find_program_by_name(object, name), name);
}

/* Calls `each` for every record of an iterator. */
void iterate(struct bpf_link *link, size_t size, void (*each)(const void *))
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	FILE *records = fd < 0 ? NULL : fdopen(fd, "r");
	char record[4096];

	if (!records || size > sizeof(record))
		fail("read an iterator");
	while (fread(record, size, 1, records) == 1)
		each(record);
	fclose(records);
}

void print_misses(FILE *out, const char *name)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program(name)), &info, &size))
		fail(name);
	fprintf(out, "pidns_bpf_program_misses_total{program=\"%s\"} %llu\n", name,
		(unsigned long long)info.recursion_misses);
}

static int open_and_load(void)
{
	object = must(bpf_object__open_file("/counters.bpf.o", NULL), "/counters.bpf.o");
	configure();
	return bpf_object__load(object);
}

static void load(void)
{
	/* Before 5.11, maps are charged to it. */
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	btf = must(btf__load_vmlinux_btf(), "/sys/kernel/btf/vmlinux");
	probe();
	if (open_and_load() && exec_failures) {
		/* Some kernels reject programs that attach to a function. */
		exec_failures = false;
		bpf_object__close(object);
		errno = -open_and_load();
	}
	if (bpf_object__find_map_fd_by_name(object, "namespaces") < 0)
		fail("load");
	attach_all();
	print_facts(stderr);
}

static void write_scrape(const char *path)
{
	char new[256];
	FILE *out;

	snprintf(new, sizeof(new), "%s.new", path);
	out = must(fopen(new, "w"), new);
	print_counts(out);
	if (fclose(out) || rename(new, path))
		fail(path);
}

int main(int argc, char **argv)
{
	sigset_t signals;
	int signal;

	if (argc != 2) {
		fprintf(stderr, "usage: pidns-loader SCRAPE\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	load();
	while (!sigwait(&signals, &signal) && signal == SIGUSR1)
		write_scrape(argv[1]);
	return 0;
}
