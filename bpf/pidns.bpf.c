/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Counts execs, forks, thread starts and process exits, by the pid namespace they happen in.
 *
 * Hooks: tp_btf on sched_process_fork, sched_process_exec and sched_process_exit, and on
 * sched_process_free where the exit hook has no group_dead argument; iterators over tasks and over
 * `namespaces`.
 *
 * Maps: namespaces (per-CPU hash), node (per-CPU array), and exit_claims (hash) with
 * sched_process_free.
 *
 * Needs Linux 5.10 with BTF.
 */
#include "pidns.h"
#include "namespace.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct pidns_config config SEC(".rodata.config") = {.possible_cpus = 1};

/*
 * The counts of each namespace. The user side sets max_entries (a flag) and, where the kernel makes
 * that safe, BPF_F_NO_PREALLOC, and deletes the entry of a namespace that has no task left. When it
 * is full, the events of further namespaces go into node.dropped.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct pidns_key);
	__type(value, struct pidns_counts);
} namespaces SEC(".maps");

/* One value: what holds whatever becomes of the map above. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pidns_node);
} node SEC(".maps");

/*
 * Inserts an entry and answers 0 or a negative errno, which is an int: before 6.4 (upstream
 * d7ba4cc900bf) the program calls a kernel function that returns one, and the upper half of the
 * helper's long is anything. -EEXIST is 4294967279 then.
 */
static __always_inline int add_if_absent(void *map, const void *key, const void *value)
{
	return (int)bpf_map_update_elem(map, key, value, BPF_NOEXIST);
}

static __always_inline struct pidns_node *this_cpus_node(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&node, &only);
}

static __always_inline enum pidns_drop drop_reason(int error)
{
	switch (error) {
	case -E2BIG:
		return PIDNS_DROP_MAP_FULL;
	case -ENOMEM:
		return PIDNS_DROP_NO_MEMORY;
	case -EBUSY:
		return PIDNS_DROP_BUSY;
	default:
		return PIDNS_DROP_OTHER;
	}
}

/* Makes room for a namespace that is seen for the first time; else says where its events go. */
static __noinline struct pidns_counts *first_counts(const struct pidns_key *key,
						    struct pidns_node *totals)
{
	static const struct pidns_counts zero;
	struct pidns_counts *counts = 0;
	int error = add_if_absent(&namespaces, key, &zero);

	/* EEXIST: another CPU was first. */
	if (error == 0 || error == -EEXIST)
		counts = bpf_map_lookup_elem(&namespaces, key);
	return counts ? counts : &totals->dropped[drop_reason(error)];
}

/* The counts that an event of the namespace `key` on this CPU is to be added to. */
static __always_inline struct pidns_counts *counts_of(const struct pidns_key *key,
						      struct pidns_node *totals)
{
	struct pidns_counts *counts = bpf_map_lookup_elem(&namespaces, key);

	return counts ? counts : first_counts(key, totals);
}

SEC("tp_btf/sched_process_fork")
int process_fork(__u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	struct pidns_node *totals = this_cpus_node();
	struct pidns_counts *counts;
	struct membership own;

	if (!totals || child->flags & PF_KTHREAD || !own_namespace(child, &own))
		return 0;
	counts = counts_of(&own.key, totals);

	if (child->pid != child->tgid) {
		counts->thread_starts++;
		totals->total.thread_starts++;
		return 0;
	}
	counts->forks++;
	totals->total.forks++;
	if (own.nr == 1) {
		counts->starts++;
		totals->total.starts++;
	}
	return 0;
}

SEC("tp_btf/sched_process_exec")
int process_exec(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct pidns_node *totals = this_cpus_node();
	struct membership own;

	if (!totals || !own_namespace(task, &own))
		return 0;
	counts_of(&own.key, totals)->execs++;
	totals->total.execs++;
	return 0;
}

static __always_inline int count_exit(struct task_struct *task)
{
	struct pidns_node *totals = this_cpus_node();
	struct membership own;

	if (!totals || task->flags & PF_KTHREAD || !own_namespace(task, &own))
		return 0;
	counts_of(&own.key, totals)->exits++;
	totals->total.exits++;
	return 0;
}

/*
 * The tracepoint fires for every thread. group_dead says which one was the last of its process: the
 * one that took signal->live to 0 (upstream 6.16, and backports).
 */
SEC("tp_btf/sched_process_exit")
int process_exit(__u64 *ctx)
{
	bool group_dead = ctx[1];

	return group_dead ? count_exit((void *)ctx[0]) : 0;
}

/*
 * The processes whose exit is counted while their last threads may still come by. An entry is
 * removed when the leader, which is released after all of them, is freed; the user side removes
 * what is left of processes that are gone. When the map is full, racing threads of further
 * processes each count as an exit.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct pidns_exit_claim);
	__type(value, __u32);
} exit_claims SEC(".maps");

/*
 * The entries of exit_claims, by the low bits of their tgid: where there is none, the map need not
 * be asked. That costs more than all else at an exit, and most processes have one thread.
 *
 * Its atomics are relaxed: clang makes others an instruction that 5.10 lacks, even when what they
 * fetch is not used (upstream 5ca419f2864a, 5.12).
 */
static __u32 claims_by_tgid[1024];

static __always_inline __u32 *claims_near(__u32 tgid)
{
	return &claims_by_tgid[tgid % (sizeof(claims_by_tgid) / sizeof(*claims_by_tgid))];
}

/*
 * Whether this thread is the first of its process to come by with no live thread left. All that
 * took signal->live down before any of them came here see 0, so that alone counts some processes
 * twice.
 */
static __always_inline bool claim_exit(struct task_struct *task)
{
	static const __u32 claimed = 1;
	__u32 tgid = task->tgid;
	/* The others, if ever there were any, have been by and been released. */
	bool is_alone = task->signal->nr_threads == 1;
	struct pidns_exit_claim claim = {.tgid = tgid};
	int error;

	if (is_alone && !*claims_near(tgid))
		return true;
	claim.start = task->group_leader->start_boottime;
	if (is_alone)
		return !bpf_map_lookup_elem(&exit_claims, &claim);
	error = add_if_absent(&exit_claims, &claim, &claimed);
	if (error == 0)
		__atomic_fetch_add(claims_near(tgid), 1, __ATOMIC_RELAXED);
	return error != -EEXIST;
}

/* process_exit for kernels whose tracepoint has no group_dead. */
SEC("tp_btf/sched_process_exit")
int process_exit_claimed(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	if (task->signal->live.counter != 0 || !claim_exit(task))
		return 0;
	return count_exit(task);
}

SEC("tp_btf/sched_process_free")
int process_free(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct pidns_exit_claim claim = {.tgid = task->tgid};

	/* A leader that another thread's exec displaced has given its pid away. */
	if (task->pid != task->tgid || !*claims_near(claim.tgid))
		return 0;
	claim.start = task->start_boottime;
	if (bpf_map_delete_elem(&exit_claims, &claim) == 0)
		__atomic_fetch_sub(claims_near(claim.tgid), 1, __ATOMIC_RELAXED);
	return 0;
}

/*
 * Writes the key of every namespace that has a task, by its init: the kernel keeps that, if only as
 * a zombie, until every other member is gone. The reader, whose namespace is the host's, stands for
 * the host's init, which not every machine shows (seen on a Firecracker guest).
 */
SEC("iter/task")
int live_namespaces(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct membership own;

	if (!task || task->pid != task->tgid || !own_namespace(task, &own))
		return 0;
	if (own.nr == 1 || task->tgid == (int)(bpf_get_current_pid_tgid() >> 32))
		bpf_seq_write(ctx->meta->seq, &own.key, sizeof(own.key));
	return 0;
}

/* Writes a struct pidns_entry for every entry of `namespaces`. */
SEC("iter/bpf_map_elem")
int namespace_counts(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_key *key = ctx->key;
	struct pidns_counts *cpu = ctx->value;
	struct pidns_entry entry = {};

	if (!key || !cpu)
		return 0;
	entry.key = *key;
	for (__u32 i = 0; i < config.possible_cpus; i++) {
		entry.counts.execs += cpu[i].execs;
		entry.counts.forks += cpu[i].forks;
		entry.counts.thread_starts += cpu[i].thread_starts;
		entry.counts.exits += cpu[i].exits;
		entry.counts.starts += cpu[i].starts;
	}
	bpf_seq_write(ctx->meta->seq, &entry, sizeof(entry));
	return 0;
}
