/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The second half of the contract: the records that the programs of events.bpf.c write into the
 * ring buffer, one for each event.
 */
#pragma once

#include "abi.h"

enum pidns_event_kind {
	PIDNS_EXECED,
	PIDNS_EXITED,
	PIDNS_FORKED,	  /* of the child */
	PIDNS_OOM_KILLED, /* when the victim exits */
	PIDNS_EVENT_KINDS,
};

/* Maximum bytes of a file's name and of arguments; longer text is cut. */
enum { PIDNS_FILE = 1024, PIDNS_ARGUMENTS = 4096 };

/*
 * An event: its kind, the process, its namespaces. For an exec, the file as given to execve
 * follows, and then the arguments, with a NUL after each.
 */
struct pidns_event {
	__u64 dropped;		    /* events without room, before this one */
	__u64 time;		    /* ns since boot */
	struct pidns_key namespace; /* its pid namespace */
	__u64 part_cgroup;	    /* as `cgroup` in struct pidns_part */
	__u64 cgroup_id;	    /* as in struct pidns_identity */
	__u64 lifetime;		    /* of the exited process, in ns */
	__u32 kind;		    /* enum pidns_event_kind */
	__u32 status;		    /* of the exited process, as from wait() */
	__u32 reason;		    /* of the exited process: enum pidns_reason */
	__u32 host_pid, host_tid, host_ppid;
	__u32 pid, tid, ppid;	    /* in its pid namespace; the parent's is 0 if it is outside */
	__u32 uid, gid;		    /* the real ones, in the initial user namespace */
	__u32 inner_uid, inner_gid; /* in its own; 65534 if they have no number there */
	/* The inums of its namespaces, except the PID namespace. */
	__u32 cgroup_ns, ipc_ns, mnt_ns, net_ns, time_ns, user_ns, uts_ns;
	__u16 file_length; /* of the file, with its NUL */
	__u16 arguments_length;
	__u32 arguments_cut; /* whether there were more */
	char comm[PIDNS_COMM];
};
_Static_assert(sizeof(struct pidns_event) == 160, "part of the contract");
