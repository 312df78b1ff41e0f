/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The contract between the BPF programs and user space. Both include this file, so no layout is
 * written twice. Fixed widths, host byte order, explicit padding.
 */
#pragma once

#ifdef __bpf__
#include "kernel.h"
#else
#include <linux/types.h>
#endif

/*
 * The configuration, in the section .rodata.config. User space sets it before load. The verifier
 * removes code behind a switch that is 0.
 */
struct pidns_config {
	__u32 attempts;	    /* programs at each hook: 1, or PIDNS_ATTEMPTS */
	__u8 count_signals; /* signal deaths */
	__u8 count_lifetimes;
	__u8 count_exit_codes;
	__u8 count_oom_kills; /* at the exit of processes that oom_marked marked */
	__u8 count_tasks;     /* in the task scan */
	__u8 capture_identities;
	__u8 keep_exemplars; /* the latest process of each kind, beside the counts */
	/* For the programs that emit single events, see event.h: */
	__u8 emit_forks;
	__u8 emit_oom_kills;
	__u8 emit_arguments;
	__u8 controller; /* enum pidns_controller */
	__u8 padding;
	__u32 event_bytes; /* of the ring buffer */
	/* The inum of the exporter's own pid namespace, if only that one and those inside of it are
	 * counted; 0 for all. */
	__u32 outermost;
	__u32 split; /* enum pidns_split */
	__u32 parts; /* maximum number of parts, beside each namespace's own */
	/* Names these programs in the map `gates`, if others may be attached beside them; else 0.
	 */
	__u32 generation;
};
_Static_assert(sizeof(struct pidns_config) == 36, "part of the contract");

/* In the map `gates`: each generation counts. */
enum { PIDNS_ANY_GENERATION = 0xFFFFFFFF };

/* The controller whose hierarchy of cgroup v1 has the cgroups of parts, if it has one. */
enum pidns_controller {
	PIDNS_CONTROLLER_PIDS,
	PIDNS_CONTROLLER_MEMORY,
	PIDNS_CONTROLLER_CPU,
};

/* Which events are counted by cgroup, apart from the rest of their namespace. */
enum pidns_split {
	PIDNS_SPLIT_NONE,
	PIDNS_SPLIT_SHARED, /* of processes that are in another cgroup than their namespace's init
			     */
	PIDNS_SPLIT_ALL,
};

/* The number of programs at a hook if the kernel may skip one of them; see attempts.h. */
enum { PIDNS_ATTEMPTS = 3 };

/*
 * Identifies one pid namespace. The inum alone does not: the kernel assigns the lowest free one, so
 * a new namespace usually gets the number of the last one that ended.
 */
struct pidns_key {
	__u32 inum;	  /* the number in /proc/PID/ns/pid */
	__u32 padding;	  /* always 0: the kernel hashes every byte of a key */
	__u64 generation; /* ns_id; where the kernel has none, the init's start, ns since boot */
};
_Static_assert(sizeof(struct pidns_key) == 16, "part of the contract");

/*
 * Identifies a part of a namespace: its processes in one cgroup. Counts are stored by part, because
 * a namespace may have several containers, or services, in it.
 */
struct pidns_part {
	struct pidns_key namespace;
	/*
	 * 0: the part of the namespace's init, and of all processes without their own part.
	 * Otherwise the number of the cgroup, its inode; with PIDNS_CGROUP_V1 in the hierarchy
	 * of config.controller.
	 */
	__u64 cgroup;
};
_Static_assert(sizeof(struct pidns_part) == 24, "part of the contract");

/* Each hierarchy has its own numbers. */
#define PIDNS_CGROUP_V1 (1ULL << 63)

/*
 * Elements of the maps parts_admitted and parts_released: the part counts of the outermost
 * namespace, of all others together, and of each other one, by its inum.
 */
enum {
	PIDNS_PARTS_OUTERMOST,
	PIDNS_PARTS_OTHERS,
	PIDNS_PARTS_BY_INUM,
	PIDNS_PARTS_ELEMENTS = 1024
};

enum { PIDNS_COMM = 16, PIDNS_NAME = 256, PIDNS_PATH = 512 + PIDNS_NAME };

/*
 * The process of an event: the latest of its kind in a namespace. Written and read without a lock:
 * if `sum` is not exemplar_sum(), the read was torn, see exemplar.h.
 */
struct pidns_exemplar {
	__u64 time;	/* ns since boot; 0: there is none */
	__u32 pid;	/* in its pid namespace */
	__u32 host_pid; /* on the host */
	__u32 ppid;	/* in its pid namespace; 0 if the parent is outside */
	__u32 sum;
	char comm[PIDNS_COMM]; /* of its first thread */
};
_Static_assert(sizeof(struct pidns_exemplar) == 40, "part of the contract");

/* Why a process ended; every one has one reason. */
enum pidns_reason {
	PIDNS_COMPLETED, /* exit status 0 */
	PIDNS_ERROR,	 /* exit status 1 to 255 */
	PIDNS_SIGNALED,	 /* a signal */
	PIDNS_TEARDOWN,	 /* the kernel killed it, because the init of its namespace had exited */
	PIDNS_REASONS,
};

/*
 * Lifetimes by powers of two of a second, each bound in the lower bucket: bucket i is (2^(i-15),
 * 2^(i-14)] s. The first one contains all shorter lifetimes (61 us), the last one all longer ones
 * (194 days).
 */
enum { PIDNS_LIFETIMES = 40, PIDNS_LIFETIMES_PER_SECOND_LOG2 = 14 };

/* The events of a part of a namespace, or of many. */
struct pidns_events {
	/* First: a reader copies in this order, so each of these has its fork in what it copies. */
	__u64 exits[PIDNS_REASONS];
	__u64 execs;	     /* successful execve and execveat calls */
	__u64 forks;	     /* new processes, in the namespace of the child */
	__u64 thread_starts; /* new threads of existing processes */
	/* Of a part of a namespace: commands that the namespace's init, a service manager, has
	 * started in it. Of a node: namespaces whose init was forked. */
	__u64 starts;
};

/*
 * The counts of a part of a namespace; shared by the CPUs, which add to it atomically. A copy for
 * each CPU would be most of the exporter's memory.
 *
 * In the order in which events touch cache lines: an exec and the exit of a process that completes
 * touch the fewest.
 */
struct pidns_counts {
	struct pidns_events events;
	__u64 lifetime; /* of all exits together, in 1,024 ns: in 1 ns it would be full too soon */
	struct pidns_exemplar latest[PIDNS_REASONS];
	__u64 core_dumps;
	struct pidns_exemplar latest_exec;
	__u64 oom_kills;
	struct pidns_exemplar latest_oom_kill;
	__u64 lifetimes[PIDNS_LIFETIMES];
};
_Static_assert(sizeof(struct pidns_counts) == 648, "part of the contract");

/* A value of the map `signals`: deaths by one signal in a part. */
struct pidns_signal {
	__u64 deaths;
	struct pidns_exemplar latest;
};
_Static_assert(sizeof(struct pidns_signal) == 48, "part of the contract");

/* Kinds of keys in `details` and `signals`; each comment is pidns_detail.value. */
enum pidns_detail_kind {
	PIDNS_EXIT_CODE,    /* 0 to 255 */
	PIDNS_EXEC_FAILURE, /* an errno */
	PIDNS_SIGNAL_DEATH, /* a signal */
};

/* Why an event is missing from the counts of its namespace. */
enum pidns_drop {
	PIDNS_DROP_OTHER,
	PIDNS_DROP_MAP_FULL,  /* E2BIG: the map has max_entries entries */
	PIDNS_DROP_NO_MEMORY, /* ENOMEM: the allocator had none for a new entry */
	PIDNS_DROP_BUSY,      /* EBUSY: another update held the bucket on this CPU */
	PIDNS_DROP_REASONS,
};

/* The one value of the map `node`, for each CPU. */
struct pidns_node {
	struct pidns_events events; /* every event, whether its namespace has an entry or not */
	/* The program's own: the tick of the last time of an exec, and that time. */
	__u64 exec_tick;
	__u64 exec_time;
	__u64 zero; /* always 0, which the verifier does not know */
	/* As in struct pidns_counts. */
	__u64 lifetime;
	__u64 lifetimes[PIDNS_LIFETIMES];
	__u64 core_dumps;
	__u64 oom_kills;
	struct pidns_events dropped[PIDNS_DROP_REASONS]; /* those that no entry counted */
	/* Of `details`: what was added there, so that it is read only if it has changed, and what
	 * it and `signals` had no room for. */
	__u64 details_counted;
	__u64 details_dropped;
	/* More after each write to `identities` and to `cgroups`, which are read only if this has
	 * changed. */
	__u64 identities_written;
	__u64 cgroups_written;
	/* Events and tasks in a cgroup for which no part could be added: they are in part 0. */
	__u64 parts_refused;
};
_Static_assert(sizeof(struct pidns_node) == 728, "part of the contract");

/*
 * The identity of a namespace: its init, as of the first event or of the init's last exec.
 */
struct pidns_identity {
	/*
	 * The names of the cgroup and of its ancestors except the root, innermost first, each with
	 * its NUL. If there is no room, the outermost are missing, or the last of these is cut.
	 * After another NUL, the paths in other hierarchies follow if their two innermost names
	 * differ.
	 */
	char path[PIDNS_PATH];
	__u64 cgroup_id;   /* of the cgroup that the first path names */
	__u64 init_start;  /* ns since boot */
	__u64 init_end;	   /* ns since boot; 0 before */
	__u32 parent;	   /* the inum of the next outer namespace; 0 for the host's */
	__u32 level;	   /* 0 for the host's */
	__u32 init_pid;	   /* on the host */
	__u16 init_is_new; /* its fork was seen, but no exec since */
	__u16 path_length;
	char init_comm[PIDNS_COMM];
	__u64 set; /* the address of the init's css_set: another one after a move in any hierarchy
		    */
};
_Static_assert(sizeof(struct pidns_identity) == 832, "part of the contract");

/* A cgroup that has a part in a namespace. */
struct pidns_cgroup {
	char path[PIDNS_PATH]; /* as in struct pidns_identity */
	__u64 removed; /* ns since boot; 0 while it exists. No process can enter it afterwards. */
	__u32 path_length;
	__u32 padding;
};
_Static_assert(sizeof(struct pidns_cgroup) == 784, "part of the contract");

/* A key of the maps `details` and `signals`, whose values are shared by the CPUs. */
struct pidns_detail {
	struct pidns_part part;
	__u32 kind; /* enum pidns_detail_kind */
	__u32 value;
};
_Static_assert(sizeof(struct pidns_detail) == 32, "part of the contract");

/* Identifies one process: its tgid alone is reused. */
struct pidns_exit_claim {
	__u32 tgid;
	__u32 padding; /* always 0 */
	__u64 start;   /* of the leader, ns since boot; de_thread() copies it */
};
_Static_assert(sizeof(struct pidns_exit_claim) == 16, "part of the contract");

/*
 * A record of the iterator `task_walk`: successive tasks of one part. A part may have several
 * records; their sum is its total.
 */
struct pidns_tasks {
	struct pidns_part part;
	__u64 processes; /* without zombies */
	__u64 threads;
	__u64 zombies;
};
_Static_assert(sizeof(struct pidns_tasks) == 48, "part of the contract");
