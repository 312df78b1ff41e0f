/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Counts process events for each pid namespace.
 *
 * Hooks: tp_btf on task_newtask, sched_process_exec and sched_process_exit; on sched_process_free
 * if the exit hook has no group_dead argument; on mark_victim and cgroup_rmdir; fexit on the system
 * calls execve and execveat; an iterator over tasks.
 *
 * Maps: see totals.h, counters.h, identity.h, part.h and admission.h; for some kernels, collectors
 * and flags, see attempts.h, exit.h, oom.h and gate.h.
 *
 * Needs Linux 5.10 with BTF.
 */
#include "counters.h"
#include "attempts.h"
#include "ending.h"
#include "gate.h"
#include "latest.h"
#include "lifetime.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * task_newtask fires for every new task. sched_process_fork does not fire for the threads
 * that the kernel makes for a process: those of io_uring and vhost. task_walk includes them.
 */
static __always_inline int count_fork(__u64 *ctx, __u32 attempt)
{
	struct task_struct *child = (void *)ctx[0];
	struct pidns_counts *counts;
	struct pidns_events *events;
	struct pidns_node *totals;
	struct task_pidns own;

	if (!counts_here() || child->flags & PF_KTHREAD || !should_count_fork(child, attempt))
		return 0;
	totals = this_cpus_node();
	if (!totals || !own_namespace(child, &own))
		return 0;
	choose_part(child, &own);
	counts = counts_of(child, &own, totals, FORK_SCRATCH + attempt);
	events = likely(counts) ? &counts->events : dropped(totals, own.error);

	if (child->pid != child->tgid) {
		add_atomic(&events->thread_starts, 1);
		add_percpu(&totals->events.thread_starts, 1);
		return 0;
	}
	add_percpu(&totals->events.forks, 1);
	if (own.nr == 1) {
		add_percpu(&totals->events.starts, 1);
		if (!counts)
			add_percpu(&events->starts, 1);
	}
	add_atomic(&events->forks, 1);
	return 0;
}

ATTEMPTS("task_newtask", process_fork, count_fork);

static __always_inline int count_exec(__u64 *ctx, __u32 attempt)
{
	struct task_struct *task = (void *)ctx[0];
	struct pidns_exemplar latest = {};
	struct pidns_counts *counts;
	struct pidns_node *totals;
	struct process process;
	struct task_pidns own;
	__u64 now;

	if (!counts_here() || !should_count_exec(task, ctx[1], attempt))
		return 0;
	totals = this_cpus_node();
	if (!totals)
		return 0;
	now = time_of_exec(totals);
	if (!own_namespace(task, &own))
		return 0;
	process = process_of_exec(task, config.keep_exemplars);
	choose_part(task, &own);
	counts = counts_of(task, &own, totals, EXEC_SCRATCH + attempt);
	add_percpu(&totals->events.execs, 1);
	if (likely(counts)) {
		describe(&latest, task, &process, &own, now);
		keep(&counts->latest_exec, &latest);
		if (unlikely(own.part.cgroup) && is_command(task, &own))
			add_atomic(&counts->events.starts, 1);
		add_atomic(&counts->events.execs, 1);
	} else {
		add_percpu(&dropped(totals, own.error)->execs, 1);
	}
	if (unlikely(own.nr == 1))
		capture_identity_at_exec(&own, &totals->identities_written, EXEC_SCRATCH + attempt);
	return 0;
}

ATTEMPTS("sched_process_exec", process_exec, count_exec);

/* Counts what only signal deaths have in their part. */
static __noinline int count_death(struct pidns_counts *counts, struct pidns_node *totals,
				  const struct pidns_part *part, __u32 ending,
				  const struct pidns_exemplar *latest)
{
	if (ending & ENDING_HAS_CORE)
		add_atomic(&counts->core_dumps, 1);
	if (ending & ENDING_OOM_KILL) {
		keep(&counts->latest_oom_kill, latest);
		add_atomic(&counts->oom_kills, 1);
	}
	if (config.count_signals && (ending & ENDING_REASON) == PIDNS_SIGNALED)
		count_signal_death(part, totals, status_signal(ending >> ENDING_STATUS), latest);
	return 0;
}

/* Counts the exit of the process whose last thread this is. */
static __always_inline int count_process_exit(struct task_struct *task, __u32 attempt)
{
	struct pidns_node *totals = this_cpus_node();
	struct pidns_exemplar latest = {};
	__u32 ending, reason, bucket = 0;
	struct pidns_counts *counts;
	__u64 now = 0, lifetime = 0;
	struct process process;
	struct task_pidns own;

	if (!totals || task->flags & PF_KTHREAD)
		return 0;
	if (!own_namespace(task, &own)) {
		forget_oom_mark(task);
		return 0;
	}
	process = process_of(task, config.keep_exemplars);
	choose_part(task, &own);
	counts = counts_of(task, &own, totals, EXIT_SCRATCH + attempt);
	if (unlikely(is_of_init(task, &own)))
		record_end(&own, &totals->identities_written);
	ending = ending_of(task, &process, &own, totals->zero);
	reason = ending & ENDING_REASON;
	if (config.count_lifetimes || config.keep_exemplars)
		now = bpf_ktime_get_boot_ns();
	describe(&latest, task, &process, &own, now);
	if (config.count_lifetimes) {
		lifetime = now - process.leader->start_boottime;
		bucket = lifetime_bucket(lifetime);
		lifetime = (lifetime + 512) >> 10;
		add_percpu(&totals->lifetime, lifetime);
		add_percpu(&totals->lifetimes[bucket], 1);
	}
	/* Before the node's: user space reads the map of signals only if that has grown. */
	if (likely(counts)) {
		if (unlikely(reason >= PIDNS_SIGNALED))
			count_death(counts, totals, &own.part, ending, &latest);
		/* Before the count: user space reads exemplars again only if that has grown. */
		keep(&counts->latest[reason], &latest);
		if (config.count_lifetimes) {
			add_atomic(&counts->lifetime, lifetime);
			add_atomic(&counts->lifetimes[bucket], 1);
		}
		add_atomic(&counts->events.exits[reason], 1);
	} else {
		add_percpu(&dropped(totals, own.error)->exits[reason], 1);
	}
	add_percpu(&totals->events.exits[reason], 1);
	if (unlikely(ending & ENDING_HAS_CORE))
		add_percpu(&totals->core_dumps, 1);
	if (unlikely(ending & ENDING_OOM_KILL))
		add_percpu(&totals->oom_kills, 1);
	if (config.count_exit_codes && reason < PIDNS_SIGNALED)
		count_detail(&own.part, totals, PIDNS_EXIT_CODE,
			     status_code(ending >> ENDING_STATUS));
	return 0;
}

/* Counts the OOM kill of a process whose exit has been counted without it. */
static __always_inline int count_late_oom_kill(struct task_struct *task, struct task_pidns *own)
{
	struct process process = process_of(task, config.keep_exemplars);
	struct pidns_node *totals = this_cpus_node();
	struct pidns_exemplar latest = {};
	struct pidns_counts *counts;

	if (!totals || status_signal(wait_status(task, &process, own)) != SIGKILL)
		return 0;
	choose_part(task, own);
	counts = existing_counts(own);
	add_atomic(&totals->oom_kills, 1);
	if (!counts)
		return 0;
	describe(&latest, task, &process, own, config.keep_exemplars ? bpf_ktime_get_boot_ns() : 0);
	keep(&counts->latest_oom_kill, &latest);
	add_atomic(&counts->oom_kills, 1);
	return 0;
}

/*
 * The tracepoint fires for every thread. group_dead marks the last one of its process: the one that
 * set signal->live to 0 (upstream 6.16, and backports).
 */
static __always_inline int count_exit(__u64 *ctx, __u32 attempt)
{
	struct task_struct *task = (void *)ctx[0];
	bool group_dead = ctx[1];

	if (!counts_here())
		return 0;
	transfer_oom_mark(task);
	return should_count_exit(task, group_dead, attempt) ? count_process_exit(task, attempt) : 0;
}

ATTEMPTS("sched_process_exit", process_exit, count_exit);

/* process_exit for kernels whose tracepoint has no group_dead. */
SEC("tp_btf/sched_process_exit")
int process_exit_claimed(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct task_pidns own;

	if (!counts_here())
		return 0;
	transfer_oom_mark(task);
	if (task->signal->live.counter != 0 || is_left_to_leader(task))
		return 0;
	if (claim_exit(task))
		return count_process_exit(task, 0);
	if (!was_oom_marked(task) || !own_namespace(task, &own))
		return 0;
	return count_late_oom_kill(task, &own);
}

SEC("tp_btf/sched_process_free")
int process_free(__u64 *ctx)
{
	if (counts_here())
		release_claim((void *)ctx[0]);
	return 0;
}

/* The tracepoint gives the task (upstream 6.9, and backports): the mark can be its process's at
 * once. */
SEC("tp_btf/mark_victim")
int oom_marked(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct task_pidns own;

	if (!counts_here() || !record_oom_victim(task, &own))
		return 0;
	return count_late_oom_kill(task, &own);
}

/* oom_marked for kernels whose tracepoint gives the number of a thread only. */
SEC("tp_btf/mark_victim")
int oom_marked_by_number(__u64 *ctx)
{
	if (counts_here())
		mark_oom_victim((int)ctx[0]);
	return 0;
}

/*
 * Records that a cgroup is removed. No process can enter it, and its processes have passed their
 * exit's tracepoint.
 */
static __always_inline int record_removal(__u64 *ctx, __u32 attempt)
{
	__u64 id = removed_cgroup((void *)ctx[0]);
	struct pidns_cgroup *removed = bpf_map_lookup_elem(&cgroups, &id);
	struct pidns_node *totals = this_cpus_node();

	/*
	 * Every attempt may record it, and every generation in its own map: a cgroup that one
	 * generation has found may be removed when the next one counts.
	 */
	(void)attempt;
	if (!removed || removed->removed || !totals)
		return 0;
	removed->removed = bpf_ktime_get_boot_ns();
	add_atomic(&totals->cgroups_written, 1);
	return 0;
}

ATTEMPTS("cgroup_rmdir", cgroup_removed, record_removal);

/* Counts an execve or execveat that has returned an error. */
static __always_inline int count_exec_failure(long result)
{
	struct pidns_node *totals;
	struct task_struct *task;
	struct task_pidns own;

	if (result >= 0 || !counts_here())
		return 0;
	totals = this_cpus_node();
	if (!totals || !current_namespace(&own))
		return 0;
	task = (void *)bpf_get_current_task();
	choose_current_part(&own);
	if (config.split && own.part.cgroup && !bpf_map_lookup_elem(&namespaces, &own.part))
		add_part(task, &own, totals, EXEC_FAILURE_SCRATCH);
	return count_detail(&own.part, totals, PIDNS_EXEC_FAILURE, -result);
}

/* User space sets the kernel function that each of these attaches to: it differs by machine. */
#define EXEC_FAILURES(program)                     \
	SEC("fexit")                               \
	int program(__u64 *ctx)                    \
	{                                          \
		return count_exec_failure(ctx[1]); \
	}                                          \
	_Static_assert(1, "takes the semicolon")

EXEC_FAILURES(execve_failed);
EXEC_FAILURES(execveat_failed);
EXEC_FAILURES(compat_execve_failed);
EXEC_FAILURES(compat_execveat_failed);

/* A run: the part of the previous task, and the number of its successive tasks. */
static struct pidns_tasks run;
/* The same part, also if there was no room for it and its tasks are in part 0. */
static struct pidns_part run_part;

static __always_inline bool is_same_part(const struct pidns_part *a, const struct pidns_part *b)
{
	return a->namespace.inum == b->namespace.inum &&
	       a->namespace.generation == b->namespace.generation && a->cgroup == b->cgroup;
}

/*
 * Writes a struct pidns_tasks whenever the part changes from one task to the next, and at the
 * end. On some machines the host's init is hidden (seen on a Firecracker guest). Any task of the
 * host's namespace identifies it then.
 */
SEC("iter/task")
int task_walk(struct bpf_iter__task *ctx)
{
	struct seq_file *output = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct task_pidns own = {};
	struct pidns_node *totals;
	bool begins;

	/* verifier: as in process_of(). */
	barrier_var(output);
	if (ctx->meta->seq_num == 0)
		run = (struct pidns_tasks){}, run_part = (struct pidns_part){};
	if (task && (task->flags & PF_KTHREAD || !own_namespace(task, &own)))
		return 0;
	if (task)
		choose_part(task, &own);
	/* A zombie makes no part: nothing would end that of a removed cgroup. */
	if (task && task->exit_state && own.part.cgroup &&
	    !bpf_map_lookup_elem(&namespaces, &own.part))
		own.part.cgroup = 0;
	begins = !is_same_part(&own.part, &run_part);
	totals = this_cpus_node();
	if (begins) {
		/* No room: the kernel empties the buffer and calls again with the same task. */
		if (run.part.namespace.inum && bpf_seq_write(output, &run, sizeof(run)))
			return 0;
		run_part = own.part;
		if (config.split && totals && own.part.cgroup &&
		    !bpf_map_lookup_elem(&namespaces, &own.part))
			add_part(task, &own, totals, SCAN_SCRATCH);
		run = (struct pidns_tasks){.part = own.part};
	}
	if (!task)
		return 0;
	if ((own.nr == 1 || begins) && totals) {
		if (own.nr == 1)
			capture_identity_in_scan(&own, &totals->identities_written, task);
		else
			capture_host_in_scan(&own, &totals->identities_written);
	}
	if (!config.count_tasks)
		return 0;
	if (!task->exit_state)
		run.threads++;
	if (task->pid == task->tgid) {
		if (task->signal->live.counter > 0)
			run.processes++;
		else if (task->exit_state == EXIT_ZOMBIE)
			run.zombies++;
	}
	return 0;
}
