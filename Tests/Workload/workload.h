/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the workload share: see README.md for what it is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How every process of the workload ends; anything else is a failure. */
enum status {
	STATUS_FAILED = 1, /* has said why on stderr */
	STATUS_USAGE = 2,
	STATUS_ALONE = 3,   /* of a thread whose status is not the process's */
	STATUS_DONE = 42,   /* ended as planned, in the image it was forked with */
	STATUS_EXECED = 43, /* ended as planned, in the image of an exec */
	STATUS_EXEC_FAILED = 127,
};

struct options {
	const char *name; /* the case */
	unsigned long count, threads, parallel, namespaces, execs, seconds;
};

/* What has happened to the members of one pid namespace. */
struct truth {
	uint64_t execs;
	uint64_t forks; /* new processes in the namespace, its init among them */
	uint64_t thread_starts;
	uint64_t exits; /* of processes, not of threads */
};

/* The truth of one namespace, in memory that its processes share with the workload. */
struct ledger {
	uint64_t pidns; /* inode number of /proc/self/ns/pid */
	struct truth truth;
};

/* One turn of work, done by a namespace's init. It returns once all it started has been reaped. */
typedef void round_fn(struct ledger *ledger, const struct options *options);

/* What one child of the init does; it never returns. */
typedef void work_fn(struct truth *truth, const struct options *options, unsigned long index);

/* A fresh pid namespace, as its creator sees it. */
struct pidns {
	pid_t init;
	int control; /* a byte here starts a round, a byte back says that it is done */
	struct ledger *ledger;
};

/* --- process.c --- */

/* Path of this program, for execs of itself. */
extern char program[];

/* Prints one line, with errno where it is set, and ends the process. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Adds to a counter that several processes may share. */
void add(uint64_t *counter, uint64_t n);

/* Replaces the process; the new image exits at once, with STATUS_EXECED. */
_Noreturn void exec_exit(void);

/* Replaces the process by this program again, in the role that argv[0] names. */
_Noreturn void exec_role(const char *const argv[]);

/* Counts a process that fork or vfork returned, or fails. */
void count_fork(struct truth *truth, pid_t child);

/* Waits for a child (any child: -1), checks how it ended, counts its exit and its exec if any. */
void reap(struct truth *truth, pid_t child, enum status expected);

/* Forks `count` children that exec, exit and are waited for one by one. */
void spawn(struct truth *truth, unsigned long count);

/* Forks options->count children that do `work`, `parallel` of them at a time. */
void run_processes(struct truth *truth, const struct options *options, unsigned long parallel,
		   work_fn *work, enum status expected);

/* --- namespace.c --- */

uint64_t ns_inode(const char *path);

/* Memory for `n` ledgers that stays shared over fork. */
struct ledger *new_ledgers(unsigned long n);

/* Creates a namespace whose init waits for rounds; returns once the init is set up. */
void ns_start(struct pidns *ns, struct ledger *ledger, round_fn *round,
	      const struct options *options);
void ns_begin_round(struct pidns *ns);
void ns_end_round(struct pidns *ns);

/* Lets the init exit, and reaps it: nothing can happen in the namespace after that. */
void ns_finish(struct pidns *ns);

/* Prints a namespace's line; `after_ready` is a part of the truth to add to it, or NULL. */
void print_truth(const struct options *options, const struct ledger *ledger,
		 const struct truth *after_ready);

/* Ends a line of stdout and flushes it. */
void end_line(void);

/* --- threads.c --- */

enum { THREADS_MAX = 256 };

/* Starts a thread of the calling process, on the stack `slot` (each usable once per process). */
void start_thread(struct truth *truth, unsigned long slot, int (*run)(void *), void *argument);

/* Ends the calling thread alone: not the process, as _exit would. */
_Noreturn void exit_thread(enum status status);

/* A thread that ends at once. */
int run_nothing(void *unused);

round_fn round_exit_group, round_barrier, round_leader_first, round_exec;

/* --- cases.c --- */

/* Does one round in one namespace and prints its truth. */
void run_once(const struct options *options, round_fn *round);

round_fn round_spawn, round_fork, round_exec_chain, round_mixed, round_background;
void run_churn(const struct options *options);
_Noreturn void role_chain(char **argv);

/* --- live.c: namespaces that stdin drives --- */

void run_hold(const struct options *options);
void run_existing(const struct options *options);

/* --- unshare.c --- */

void run_unshare(const struct options *options);
_Noreturn void role_unshared(char **argv);
_Noreturn void role_wait(char **argv);
