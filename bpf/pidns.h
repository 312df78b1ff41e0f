/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The contract between the BPF programs and the user side, which imports this file: nothing in it
 * is written down a second time. Fixed widths, host byte order, explicit padding.
 */
#pragma once

#ifdef __bpf__
#include "kernel.h"
#else
#include <linux/types.h>
#endif

/* What the user side sets before load, in the section .rodata.config. */
struct pidns_config {
	__u32 possible_cpus; /* how many copies a per-CPU value has */
};

/*
 * Names one pid namespace for good. The inum alone does not: the kernel hands out the lowest free
 * one, so that the next namespace usually gets the number of the last that ended.
 */
struct pidns_key {
	__u32 inum;	  /* the number in /proc/PID/ns/pid */
	__u32 padding;	  /* always 0: the kernel hashes every byte of a key */
	__u64 generation; /* ns_id; where the kernel has none, the init's start, ns since boot */
};
_Static_assert(sizeof(struct pidns_key) == 16, "part of the contract");

/*
 * What is counted, per namespace and for the node. Each counter is written by one program only, and
 * the kernel never runs a program on a CPU where that same program is under way, so plain
 * increments lose nothing. (What it skips for that is the program's misses.)
 */
struct pidns_counts {
	__u64 execs;	     /* successful execve and execveat calls */
	__u64 forks;	     /* new processes, in the namespace of the child */
	__u64 thread_starts; /* new threads of existing processes */
	__u64 exits;	     /* processes whose last thread exited */
	__u64 starts; /* namespaces whose init was forked: 0 or 1 in a namespace's own counts */
};
_Static_assert(sizeof(struct pidns_counts) == 40, "part of the contract");

/* Why an event is missing from the counts of its namespace. */
enum pidns_drop {
	PIDNS_DROP_MAP_FULL,  /* E2BIG: max_entries namespaces are in the map */
	PIDNS_DROP_NO_MEMORY, /* ENOMEM: the allocator had none for a new entry */
	PIDNS_DROP_BUSY,      /* EBUSY: another update held the bucket on this CPU */
	PIDNS_DROP_OTHER,
	PIDNS_DROP_REASONS,
};

/* The one value of the map `node`, for each CPU. */
struct pidns_node {
	struct pidns_counts total; /* every event, whether its namespace has an entry or not */
	struct pidns_counts dropped[PIDNS_DROP_REASONS]; /* those that no entry could take */
};
_Static_assert(sizeof(struct pidns_node) == 200, "part of the contract");

/* Names one process for good, as its tgid is used again. */
struct pidns_exit_claim {
	__u32 tgid;
	__u32 padding; /* always 0 */
	__u64 start;   /* of the leader, ns since boot; de_thread() hands it on */
};
_Static_assert(sizeof(struct pidns_exit_claim) == 16, "part of the contract");

/* What a read of the iterator `namespace_counts` is a sequence of: a key and the sum over the CPUs.
 */
struct pidns_entry {
	struct pidns_key key;
	struct pidns_counts counts;
};
_Static_assert(sizeof(struct pidns_entry) == 56, "part of the contract");
