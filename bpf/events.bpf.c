/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Emits single events: the process, and its namespaces.
 *
 * Hooks: as in counters.bpf.c, on sched_process_exec and sched_process_exit; on task_newtask if
 * forks are emitted or counted in attempts; on sched_process_free and mark_victim as there.
 *
 * Maps: `events`, a ring buffer; see attempts.h, exit.h, identity.h, oom.h and part.h for the
 * others.
 *
 * Loaded only while `pidns-exporter events` runs. Needs Linux 5.10 with BTF.
 */
#include "attempts.h"
#include "event.h"
#include "identity.h"
#include "oom.h"
#include "part.h"
#include "process.h"
#include "user.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* User space sets its size in bytes. When it is full, an event is only counted in `dropped`. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* One value: the number of events that were dropped, because there was no room. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dropped SEC(".maps");

/* An event with the maximum length of text. */
struct draft {
	struct pidns_event event;
	char text[PIDNS_FILE + PIDNS_ARGUMENTS];
};

/* Buffers for events, like `scratches` for identities. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct draft);
} drafts SEC(".maps");

static __u64 identities_written, cgroups_written;

static __always_inline __u64 cgroup_id_of(struct task_struct *task)
{
	if (config.capture_identities)
		return BPF_CORE_READ(cgroup_node_of(task), id);
	/* Nothing may be read by address. */
	return task->cgroups->dfl_cgrp->kn->id;
}

/* The cgroup of the part that a process is in; 0 for that of its namespace's init. */
static __always_inline __u64 part_of(struct task_struct *task, const struct task_pidns *own,
				     enum scratch scratch)
{
	struct task_pidns chosen = *own;

	choose_part(task, &chosen);
	if (!chosen.part.cgroup)
		return 0;
	capture_cgroup(task, chosen.part.cgroup, &cgroups_written, scratch);
	return chosen.part.cgroup;
}

static __always_inline void describe_namespaces(struct pidns_event *event, struct task_struct *task)
{
	struct nsproxy *proxy = task->nsproxy;
	struct time_namespace *time_ns = proxy->time_ns;

	event->cgroup_ns = proxy->cgroup_ns->ns.inum;
	event->ipc_ns = proxy->ipc_ns->ns.inum;
	event->mnt_ns = proxy->mnt_ns->ns.inum;
	event->net_ns = proxy->net_ns->ns.inum;
	event->time_ns = bpf_core_field_exists(time_ns->ns) ? time_ns->ns.inum : 0;
	event->user_ns = task->cred->user_ns->ns.inum;
	event->uts_ns = proxy->uts_ns->ns.inum;
}

/* Fills in the process and its namespaces; NULL if the scratch entry is missing. */
static __noinline struct draft *describe(struct task_struct *task, const struct task_pidns *own,
					 enum scratch scratch)
{
	struct process process = process_of(task, true);
	__u32 index = scratch;
	struct draft *draft = bpf_map_lookup_elem(&drafts, &index);
	struct task_struct *parent = task->real_parent;
	const struct cred *cred = task->cred;
	struct pidns_event *event;

	if (!draft)
		return 0;
	event = &draft->event;
	capture_first_identity(own, &identities_written, scratch);
	event->time = bpf_ktime_get_boot_ns();
	event->namespace = own->part.namespace;
	event->part_cgroup = part_of(task, own, scratch);
	event->cgroup_id = cgroup_id_of(task);
	event->host_pid = task->tgid;
	event->host_tid = task->pid;
	event->host_ppid = parent->tgid;
	event->pid = pid_inside(task, &process, own);
	event->tid = own->nr;
	event->ppid = ppid_inside(&process, own);
	event->uid = cred->uid.val;
	event->gid = cred->gid.val;
	event->inner_uid = id_inside(&cred->user_ns->uid_map, event->uid);
	event->inner_gid = id_inside(&cred->user_ns->gid_map, event->gid);
	describe_namespaces(event, task);
	event->file_length = 0;
	event->arguments_length = 0;
	event->arguments_cut = 0;
	/* The process's name, because a thread may have another one. */
	read_comm(event->comm, process.leader);
	return draft;
}

/*
 * A wake-up costs ten times as much as the rest (an interrupt to the same CPU). The reader polls,
 * so a record wakes it only if it fills a quarter of the buffer.
 */
static __always_inline __u64 wakeup(__u64 size)
{
	__u64 unread = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	__u64 quarter = config.event_bytes / 4;

	return unread < quarter && unread + size >= quarter ? BPF_RB_FORCE_WAKEUP
							    : BPF_RB_NO_WAKEUP;
}

static __always_inline void emit(struct draft *draft, enum pidns_event_kind kind)
{
	struct pidns_event *event = &draft->event;
	__u64 size = sizeof(*event) + event->file_length + event->arguments_length;
	__u32 only = 0;
	__u64 *count = bpf_map_lookup_elem(&dropped, &only);

	if (!count)
		return;
	event->kind = kind;
	event->dropped = *count;
	if (size > sizeof(*draft))
		size = sizeof(*draft);
	if (bpf_ringbuf_output(&events, draft, size, wakeup(size)))
		add_atomic(count, 1);
}

static __always_inline int emit_fork(__u64 *ctx, __u32 attempt)
{
	struct task_struct *child = (void *)ctx[0];
	struct task_pidns own;
	struct draft *draft;

	if (child->flags & PF_KTHREAD || !should_count_fork(child, attempt))
		return 0;
	if (!config.emit_forks || child->pid != child->tgid || !own_namespace(child, &own))
		return 0;
	draft = describe(child, &own, FORK_SCRATCH + attempt);
	if (draft)
		emit(draft, PIDNS_FORKED);
	return 0;
}

ATTEMPTS("task_newtask", process_forked, emit_fork);

/* Adds the file and the arguments of an exec, which are now in the new program's memory. */
static __always_inline void describe_exec(struct draft *draft, struct task_struct *task,
					  struct linux_binprm *program)
{
	struct pidns_event *event = &draft->event;
	struct mm_struct *mm = task->mm;
	long length = 0;
	__u64 start, arguments;

	if (config.capture_identities)
		length = bpf_probe_read_kernel_str(draft->text, PIDNS_FILE, program->filename);
	if (length < 0 || length > PIDNS_FILE)
		length = 0;
	event->file_length = length;
	if (!config.emit_arguments)
		return;
	start = mm->arg_start;
	arguments = mm->arg_end - start;
	event->arguments_cut = arguments > PIDNS_ARGUMENTS;
	if (arguments > PIDNS_ARGUMENTS)
		arguments = PIDNS_ARGUMENTS;
	if (bpf_probe_read_user(&draft->text[length], arguments, (void *)start) == 0)
		event->arguments_length = arguments;
}

static __always_inline int emit_exec(__u64 *ctx, __u32 attempt)
{
	struct task_struct *task = (void *)ctx[0];
	struct task_pidns own;
	struct draft *draft;

	if (!should_count_exec(task, ctx[1], attempt) || !own_namespace(task, &own))
		return 0;
	capture_identity_at_exec(&own, &identities_written, EXEC_SCRATCH + attempt);
	draft = describe(task, &own, EXEC_SCRATCH + attempt);
	if (!draft)
		return 0;
	describe_exec(draft, task, (void *)ctx[2]);
	emit(draft, PIDNS_EXECED);
	return 0;
}

ATTEMPTS("sched_process_exec", process_execed, emit_exec);

/* Emits the exit of a process. This is its last thread. */
static __always_inline int emit_process_exit(struct task_struct *task, __u32 attempt)
{
	struct pidns_event *event;
	struct process process;
	struct task_pidns own;
	bool was_oom_killed;
	struct draft *draft;
	int status;

	if (task->flags & PF_KTHREAD)
		return 0;
	if (!own_namespace(task, &own)) {
		forget_oom_mark(task);
		return 0;
	}
	process = process_of(task, false);
	draft = describe(task, &own, EXIT_SCRATCH + attempt);
	if (!draft)
		return 0;
	event = &draft->event;
	status = wait_status(task, &process, &own);
	was_oom_killed = was_oom_marked(task) && status_signal(status) == SIGKILL;
	if (config.emit_oom_kills && was_oom_killed)
		emit(draft, PIDNS_OOM_KILLED);
	event->status = status;
	event->reason = exit_reason(status, own.ns, was_oom_killed);
	event->lifetime = event->time - process.leader->start_boottime;
	emit(draft, PIDNS_EXITED);
	return 0;
}

/* Emits an OOM kill that was reported only after the exit was emitted. */
static __always_inline int emit_late_oom_kill(struct task_struct *task,
					      const struct task_pidns *own)
{
	struct process process = process_of(task, false);
	struct draft *draft;

	if (!config.emit_oom_kills || status_signal(wait_status(task, &process, own)) != SIGKILL)
		return 0;
	draft = describe(task, own, OOM_SCRATCH);
	if (draft)
		emit(draft, PIDNS_OOM_KILLED);
	return 0;
}

static __always_inline int emit_exit(__u64 *ctx, __u32 attempt)
{
	struct task_struct *task = (void *)ctx[0];
	bool group_dead = ctx[1];

	transfer_oom_mark(task);
	return should_count_exit(task, group_dead, attempt) ? emit_process_exit(task, attempt) : 0;
}

ATTEMPTS("sched_process_exit", process_exited, emit_exit);

/* process_exited for kernels whose tracepoint has no group_dead. */
SEC("tp_btf/sched_process_exit")
int process_exited_claimed(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct task_pidns own;

	transfer_oom_mark(task);
	if (task->signal->live.counter != 0 || is_left_to_leader(task))
		return 0;
	if (claim_exit(task))
		return emit_process_exit(task, 0);
	if (!was_oom_marked(task) || !own_namespace(task, &own))
		return 0;
	return emit_late_oom_kill(task, &own);
}

SEC("tp_btf/sched_process_free")
int process_freed(__u64 *ctx)
{
	release_claim((void *)ctx[0]);
	return 0;
}

SEC("tp_btf/mark_victim")
int oom_victim(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct task_pidns own;

	return record_oom_victim(task, &own) ? emit_late_oom_kill(task, &own) : 0;
}

/* oom_victim for kernels whose tracepoint has only the number of a thread. */
SEC("tp_btf/mark_victim")
int oom_victim_by_number(__u64 *ctx)
{
	mark_oom_victim((int)ctx[0]);
	return 0;
}
