/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The kernel's types, as far as the programs read them. Offsets are from the running kernel's BTF
 * at load time (CO-RE): only names and types must match. bpf_core_field_exists() tests for a field
 * that some kernels lack.
 */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
/* Named only by prototypes of helpers that are not called here. */
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

/* include/uapi/linux/bpf.h */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };

/* include/linux/cgroup-defs.h; the numbers are the running kernel's */
enum cgroup_subsys_id { cpu_cgrp_id, memory_cgrp_id, pids_cgrp_id };

/* include/uapi/asm-generic/errno-base.h */
enum { E2BIG = 7, ENOMEM = 12, EBUSY = 16, EEXIST = 17 };

/* include/linux/sched.h */
enum { PF_KTHREAD = 0x00200000 };
enum { EXIT_ZOMBIE = 0x20 };
/* include/linux/sched/signal.h */
enum { SIGNAL_GROUP_EXIT = 0x00000004 };
/* include/uapi/asm-generic/signal.h */
enum { SIGKILL = 9 };
/* include/linux/pid_namespace.h */
enum { MAX_PID_NS_LEVEL = 32 };
#define PIDNS_ADDING (1U << 31)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct ns_common {
	unsigned int inum;
	__u64 ns_id; /* 6.18; in a union with the RCU head that frees the namespace */
};

struct pid_namespace {
	unsigned int pid_allocated;
	struct task_struct *child_reaper;
	unsigned int level;
	struct pid_namespace *parent;
	int reboot; /* the signal that wait() reports for the init; 0: the init's own status */
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[]; /* numbers[1] before 6.5 and its backports */
};

struct signal_struct {
	atomic_t live;	/* threads that have not begun to exit */
	int nr_threads; /* threads that have not been released */
	int group_exit_code;
	unsigned int flags;
};

struct list_head {
	struct list_head *next;
};

struct kernfs_node {
	const char *name;
	unsigned int hash; /* of the name */
	__u64 id;
	struct kernfs_node *__parent; /* 6.15 */
};

struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
};

struct cgroup_root;

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root; /* of its hierarchy */
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* by enum cgroup_subsys_id */
	struct cgroup *dfl_cgrp;	       /* of cgroup v2 */
	struct list_head tasks;		       /* of task_struct's cg_list, in the order of entry */
	struct list_head cgrp_links;	       /* one for each hierarchy */
};

struct cgrp_cset_link {
	struct cgroup *cgrp;
	struct list_head cgrp_link;
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct uid_gid_extent {
	__u32 first;	   /* inside */
	__u32 lower_first; /* in the initial user namespace */
	__u32 count;
};

struct uid_gid_map {
	__u32 nr_extents;
	union {
		struct uid_gid_extent extent[5];
		/* If there are more extents; this array is sorted by lower_first. */
		struct {
			struct uid_gid_extent *forward;
			struct uid_gid_extent *reverse;
		};
	};
};

struct user_namespace {
	struct uid_gid_map uid_map;
	struct uid_gid_map gid_map;
	struct ns_common ns;
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	struct user_namespace *user_ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

struct time_namespace {
	struct ns_common ns;
};

struct uts_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};

struct mm_struct {
	unsigned long arg_start; /* of the arguments, NUL after each, in the process's memory */
	unsigned long arg_end;
};

struct linux_binprm {
	const char *filename; /* as given to execve */
};

struct task_struct {
	unsigned int flags;
	int exit_state;
	int exit_code;
	int pid;
	int tgid;
	__u64 start_boottime;
	__u64 self_exec_id;   /* one more at each exec; a child begins with that of its parent */
	__u64 parent_exec_id; /* self_exec_id of the parent at the fork */
	struct task_struct *real_parent; /* the parent without a tracer */
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *cred;
	struct nsproxy *nsproxy; /* NULL once it has exited */
	struct css_set *cgroups;
	struct list_head cg_list; /* in the css_set's list of tasks */
	char comm[16];
	struct mm_struct *mm; /* NULL once the task has begun to exit */
	struct signal_struct *signal;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 seq_num; /* of this call, from 0 */
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key;
	void *value;
};

#pragma clang attribute pop
