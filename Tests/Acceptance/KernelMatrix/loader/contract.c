/* SPDX-License-Identifier: Apache-2.0 */
/* The programs, maps and samples, as in ProgramPlan.swift and KernelCounters.swift. */
#include "loader.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { NAMESPACES = 4096, DETAILS = 4 * NAMESPACES, PARTS = 256 };

/* The features of this kernel. */
static bool always = true, claimed, group_dead, in_attempts, group_dead_in_attempts, oom_by_task,
	    oom_by_number;
bool exec_failures;

/* The programs in the order of attachment, with their hooks and kernels. */
static const struct {
	const char *name;
	const bool *when;
	const char *function; /* to which it is attached */
} programs[] = {
	{"process_free", &claimed, NULL},
	{"process_exit_claimed", &claimed, NULL},
	{"process_exit", &group_dead, NULL},
	{"process_exit_second", &group_dead_in_attempts, NULL},
	{"process_exit_third", &group_dead_in_attempts, NULL},
	{"process_exec", &always, NULL},
	{"process_exec_second", &in_attempts, NULL},
	{"process_exec_third", &in_attempts, NULL},
	{"process_fork", &always, NULL},
	{"process_fork_second", &in_attempts, NULL},
	{"process_fork_third", &in_attempts, NULL},
	{"cgroup_removed", &always, NULL},
	{"cgroup_removed_second", &in_attempts, NULL},
	{"cgroup_removed_third", &in_attempts, NULL},
	{"oom_marked", &oom_by_task, NULL},
	{"oom_marked_by_number", &oom_by_number, NULL},
	{"execve_failed", &exec_failures, "__arm64_sys_execve"},
	{"execveat_failed", &exec_failures, "__arm64_sys_execveat"},
	{"compat_execve_failed", &exec_failures, "__arm64_compat_sys_execve"},
	{"compat_execveat_failed", &exec_failures, "__arm64_compat_sys_execveat"},
};
enum { PROGRAMS = sizeof(programs) / sizeof(*programs) };

static struct bpf_link *task_walk;
static int cpus;

void probe(void)
{
	int victim = oom_victim_kind();

	group_dead = exit_tells_group_dead();
	claimed = !group_dead;
	in_attempts = has(BTF_KIND_TYPEDEF, "class_srcu_fast_notrace_t");
	group_dead_in_attempts = group_dead && in_attempts;
	oom_by_task = victim == BTF_KIND_PTR;
	oom_by_number = victim == BTF_KIND_INT;
	exec_failures = has(BTF_KIND_FUNC, "__arm64_sys_execve");
	cpus = libbpf_num_possible_cpus();
}

static bool is_wanted(int i)
{
	return *programs[i].when &&
	       (!programs[i].function || has(BTF_KIND_FUNC, programs[i].function));
}

static __u32 pid_max(void)
{
	FILE *file = must(fopen("/proc/sys/kernel/pid_max", "r"), "pid_max");
	unsigned max = 0;

	if (fscanf(file, "%u", &max) != 1)
		fail("pid_max");
	fclose(file);
	return max;
}

void configure(void)
{
	struct pidns_config config = {
		.attempts = in_attempts ? PIDNS_ATTEMPTS : 1,
		.count_signals = 1,
		.count_lifetimes = 1,
		.count_exit_codes = 1,
		.count_oom_kills = oom_by_task || oom_by_number,
		.count_tasks = 1,
		.capture_identities = 1,
		.keep_exemplars = 1,
		.split = PIDNS_SPLIT_ALL,
		.parts = PARTS,
	};
	const char *on_demand[] = {"namespaces", "details",	"signals",    "identities",
				   "cgroups",	 "exit_claims", "oom_victims"};

	if (bpf_map__set_initial_value(map(".rodata.config"), &config, sizeof(config)) ||
	    bpf_map__set_max_entries(map("namespaces"), 1024) ||
	    bpf_map__set_max_entries(map("identities"), 1024) ||
	    bpf_map__set_max_entries(map("cgroups"), PARTS) ||
	    bpf_map__set_max_entries(map("signals"), 1024) ||
	    bpf_map__set_max_entries(map("details"), 8192) ||
	    bpf_map__set_max_entries(map("marks"), pid_max() / 16 + 1))
		fail("configure");
	for (size_t i = 0; hashes_allocate_safely() && i < sizeof(on_demand) / sizeof(*on_demand);
	     i++)
		bpf_map__set_map_flags(map(on_demand[i]), BPF_F_NO_PREALLOC);
	bpf_map__set_autocreate(map("exit_claims"), claimed);
	bpf_map__set_autocreate(map("marks"), in_attempts);
	bpf_map__set_autocreate(map("oom_victims"), config.count_oom_kills);
	for (int i = 0; i < PROGRAMS; i++) {
		bpf_program__set_autoload(program(programs[i].name), is_wanted(i));
		if (is_wanted(i) && programs[i].function &&
		    bpf_program__set_attach_target(program(programs[i].name), 0,
						   programs[i].function))
			fail(programs[i].function);
	}
}

void attach_all(void)
{
	for (int i = 0; i < PROGRAMS; i++) {
		if (!is_wanted(i) || bpf_program__attach(program(programs[i].name)))
			continue;
		if (programs[i].when != &exec_failures)
			fail(programs[i].name);
		exec_failures = false;
	}
	task_walk = must(bpf_program__attach_iter(program("task_walk"), NULL), "task_walk");
}

/* The parts of a namespace, and successive namespaces with one inum, add up, as in the exporter. */
static struct shown {
	__u32 inum;
	struct pidns_counts counts;
	struct pidns_tasks tasks;
} shown[NAMESPACES];
static size_t shown_count;

static struct {
	__u32 inum, kind, value;
	__u64 count;
} details[DETAILS];
static size_t detail_count;

static struct shown *of(__u32 inum)
{
	size_t i = 0;

	while (i < shown_count && shown[i].inum != inum)
		i++;
	if (i == NAMESPACES)
		fail("too many namespaces");
	if (i == shown_count)
		shown[shown_count++] = (struct shown){.inum = inum};
	return &shown[i];
}

/* Adds structs that have only counters. */
static void add(void *sum, const void *more, size_t size)
{
	for (size_t i = 0; i < size / (sizeof(__u64)); i++)
		((__u64 *)sum)[i] += ((const __u64 *)more)[i];
}

/* Reads all entries of a hash with one batch, as the exporter does with several. */
static void each(struct bpf_map *map, size_t value_size,
		 void (*take)(const void *key, const void *value))
{
	__u32 batch, count = bpf_map__max_entries(map);
	char *keys = must(malloc((size_t)count * bpf_map__key_size(map)), "malloc");
	char *values = must(malloc(count * value_size), "malloc");
	int error =
		bpf_map_lookup_batch(bpf_map__fd(map), NULL, &batch, keys, values, &count, NULL);

	if (error && error != -ENOENT)
		fail("read a map");
	for (__u32 i = 0; i < count; i++)
		take(keys + (size_t)i * bpf_map__key_size(map), values + i * value_size);
	free(keys);
	free(values);
}

static void take_counts(const void *key, const void *value)
{
	const struct pidns_part *part = key;

	add(&of(part->namespace.inum)->counts, value, sizeof(struct pidns_counts));
}

static void take_tasks(const void *record)
{
	const struct pidns_tasks *tasks = record;
	struct pidns_tasks *sum = &of(tasks->part.namespace.inum)->tasks;

	sum->processes += tasks->processes;
	sum->threads += tasks->threads;
	sum->zombies += tasks->zombies;
}

static void add_detail(const struct pidns_detail *detail, __u64 count)
{
	size_t i = 0;

	while (i < detail_count &&
	       (details[i].inum != detail->part.namespace.inum || details[i].kind != detail->kind ||
		details[i].value != detail->value))
		i++;
	if (i == DETAILS)
		fail("too many details");
	if (i == detail_count)
		detail_count++;
	details[i].inum = detail->part.namespace.inum;
	details[i].kind = detail->kind;
	details[i].value = detail->value;
	details[i].count += count;
}

static void take_detail(const void *key, const void *value)
{
	add_detail(key, *(const __u64 *)value);
}

static void take_signal(const void *key, const void *value)
{
	add_detail(key, ((const struct pidns_signal *)value)->deaths);
}

/* Prints a sample of a namespace, with another label if it has a name. */
static void print_sample(FILE *out, const char *name, __u32 inum, const char *label,
			 const char *part, double value)
{
	fprintf(out, "%s{pidns=\"%u\",namespace=\"\",pod=\"\",container=\"\"", name, inum);
	if (label)
		fprintf(out, ",%s=\"%s\"", label, part);
	fprintf(out, "} %.17g\n", value);
}

static void print_lifetimes(FILE *out, __u32 inum, const struct pidns_counts *counts)
{
	const char *name = "pidns_process_lifetime_seconds_bucket";
	double count = 0;
	char le[32];

	for (int i = 0; i < PIDNS_LIFETIMES; i++) {
		int exponent = i - PIDNS_LIFETIMES_PER_SECOND_LOG2;

		count += counts->lifetimes[i];
		if (exponent < -10 || exponent > 16 || exponent % 2)
			continue;
		snprintf(le, sizeof(le), "%.10g",
			 exponent < 0 ? 1.0 / (1 << -exponent) : (double)(1 << exponent));
		print_sample(out, name, inum, "le", le, count);
	}
	print_sample(out, name, inum, "le", "+Inf", count);
	print_sample(out, "pidns_process_lifetime_seconds_sum", inum, NULL, NULL,
		     counts->lifetime * 1024 / 1e9);
	print_sample(out, "pidns_process_lifetime_seconds_count", inum, NULL, NULL, count);
}

/* As in Signal.swift. */
static const char *signal_label(int number, char *buffer, size_t size)
{
	const int first_realtime = 34;

	if (number == SIGIO)
		snprintf(buffer, size, "SIGIO");
	else if (number == first_realtime)
		snprintf(buffer, size, "SIGRTMIN");
	else if (number > first_realtime)
		snprintf(buffer, size, "SIGRTMIN+%d", number - first_realtime);
	else if (sigabbrev_np(number))
		snprintf(buffer, size, "SIG%s", sigabbrev_np(number));
	else
		snprintf(buffer, size, "SIG%d", number);
	return buffer;
}

static void print_namespace(FILE *out, const struct shown *of)
{
	static const char *const reasons[PIDNS_REASONS] = {
		[PIDNS_COMPLETED] = "completed",
		[PIDNS_ERROR] = "error",
		[PIDNS_SIGNALED] = "signaled",
		[PIDNS_TEARDOWN] = "teardown",
	};
	const struct {
		const char *name;
		__u64 value;
	} plain[] = {
		{"pidns_process_execs_total", of->counts.events.execs},
		{"pidns_process_forks_total", of->counts.events.forks},
		{"pidns_thread_starts_total", of->counts.events.thread_starts},
		{"pidns_process_core_dumps_total", of->counts.core_dumps},
		{"pidns_oom_kills_total", of->counts.oom_kills},
		{"pidns_processes", of->tasks.processes},
		{"pidns_threads", of->tasks.threads},
		{"pidns_zombie_processes", of->tasks.zombies},
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		print_sample(out, plain[i].name, of->inum, NULL, NULL, plain[i].value);
	for (int i = 0; i < PIDNS_REASONS; i++)
		print_sample(out, "pidns_process_exits_total", of->inum, "reason", reasons[i],
			     of->counts.events.exits[i]);
	print_lifetimes(out, of->inum, &of->counts);
}

static void print_detail(FILE *out, size_t i)
{
	int value = (int)details[i].value;
	char text[32];

	switch (details[i].kind) {
	case PIDNS_SIGNAL_DEATH:
		print_sample(out, "pidns_process_signal_deaths_total", details[i].inum, "signal",
			     signal_label(value, text, sizeof(text)), details[i].count);
		break;
	case PIDNS_EXIT_CODE:
		snprintf(text, sizeof(text), "%d", value);
		print_sample(out, "pidns_process_exit_codes_total", details[i].inum, "exit_code",
			     text, details[i].count);
		break;
	case PIDNS_EXEC_FAILURE:
		print_sample(out, "pidns_process_exec_failures_total", details[i].inum, "errno",
			     strerrorname_np(value), details[i].count);
		break;
	}
}

static void print_dropped(FILE *out)
{
	struct pidns_node node[cpus];
	__u64 sum = 0;
	__u32 only = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(map("node")), &only, node))
		fail("read the node's counts");
	for (int cpu = 0; cpu < cpus; cpu++) {
		const __u64 *dropped = (const __u64 *)node[cpu].dropped;

		for (size_t i = 0; i < sizeof(node[cpu].dropped) / (sizeof(__u64)); i++)
			sum += dropped[i];
		sum += node[cpu].details_dropped;
	}
	fprintf(out, "pidns_bpf_events_dropped_total{reason=\"any\"} %llu\n",
		(unsigned long long)sum);
}

static FILE *identities_out;

/* The names of the cgroup, innermost first, which identify a namespace. An inum may occur
 * with several generations. */
static void print_identity(const void *key, const void *value)
{
	const struct pidns_key *namespace = key;
	const struct pidns_identity *identity = value;

	fprintf(identities_out,
		"pidns_info{pidns=\"%u\",generation=\"%llu\",init_comm=\"%s\",cgroup=\"",
		namespace->inum, (unsigned long long)namespace->generation, identity->init_comm);
	for (int i = 0; i < identity->path_length; i++)
		fputc(identity->path[i] ? identity->path[i] : ' ', identities_out);
	fprintf(identities_out, "\"} 1\n");
}

void print_counts(FILE *out)
{
	identities_out = out;
	shown_count = 0;
	detail_count = 0;
	memset(details, 0, sizeof(details));
	each(map("namespaces"), sizeof(struct pidns_counts), take_counts);
	each(map("signals"), sizeof(struct pidns_signal), take_signal);
	iterate(task_walk, sizeof(struct pidns_tasks), take_tasks);
	each(map("details"), sizeof(__u64), take_detail);
	each(map("identities"), sizeof(struct pidns_identity), print_identity);
	for (size_t i = 0; i < shown_count; i++)
		print_namespace(out, &shown[i]);
	for (size_t i = 0; i < detail_count; i++)
		print_detail(out, i);
	print_dropped(out);
	for (int i = 0; i < PROGRAMS; i++)
		if (is_wanted(i))
			print_misses(out, programs[i].name);
}

void print_facts(FILE *out)
{
	if (!exec_failures)
		fprintf(out, "collector not supported by this kernel: collector=exec-failures\n");
	fprintf(out, "msg=counting exit_detection=%s programs_per_event=%d map_allocation=%s\n",
		group_dead ? "group-dead" : "claimed", in_attempts ? PIDNS_ATTEMPTS : 1,
		hashes_allocate_safely() ? "on-demand" : "at-start");
}
