/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the workload's files. See README.md. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The exit codes of the workload's processes; any other is a failure. */
enum status {
	STATUS_FAILED = 1, /* after a message on stderr */
	STATUS_USAGE = 2,
	STATUS_UNABLE = 3,  /* the machine lacks a requirement of the case */
	STATUS_ALONE = 3,   /* a thread whose code is not the process's */
	STATUS_ZOMBIE = 7,  /* some of the zombies */
	STATUS_LEADER = 20, /* a leader that exits first; plus 1 for the threads after it */
	STATUS_LAST = 21,
	STATUS_DONE = 42,   /* a planned exit without an exec */
	STATUS_EXECED = 43, /* a planned exit after an exec */
	STATUS_EXEC_FAILED = 127,
};

struct options {
	const char *name; /* the case */
	unsigned long count, threads, parallel, namespaces, execs, seconds, milliseconds;
};

/* Signals have the kernel's numbers, where the first real-time signal is 32. */
enum { KERNEL_SIGRTMIN = 32, SIGNALS_END = 65, CODES_END = 256, ERRORS_END = 134 };

/* The events of one pid namespace: only uint64_t (truth_since). */
struct truth {
	uint64_t execs;
	uint64_t forks; /* new processes in the namespace, its init included */
	uint64_t thread_starts;
	uint64_t exits; /* of processes, not of threads: the sum of the next four */
	uint64_t completed, error, signaled;
	uint64_t teardown; /* killed by the kernel after the exit of an enclosing init */
	uint64_t core_dumps, oom_kills;
	uint64_t signals[SIGNALS_END], exit_codes[CODES_END], exec_failures[ERRORS_END];
};

/* The current content of a namespace. */
struct live {
	uint64_t processes; /* with a live thread: no zombies */
	uint64_t threads;
	uint64_t zombies;
};

/* Measured lifetimes of the processes of a namespace, in seconds. */
enum { LIFETIME_BUCKETS = 10 };
struct lifetimes {
	double sum, sum_at_least;
	uint64_t count, buckets[LIFETIME_BUCKETS];
	uint64_t uncertain; /* lifetimes that may be in the bucket below */
};

/* The truth of one namespace, in memory shared by its processes and the workload. */
struct ledger {
	uint64_t pidns; /* inode number of /proc/self/ns/pid */
	struct truth truth;
	struct live live;
	struct lifetimes lifetimes;
};

/* A round of work of a namespace's init. It returns after everything that it started is reaped. */
typedef void round_fn(struct ledger *ledger, const struct options *options);

/* The work of one child of the init; never returns. */
typedef void work_fn(struct truth *truth, const struct options *options, unsigned long index);

/* A new pid namespace, as seen by its creator. */
struct pidns {
	pid_t init;
	int control; /* a byte starts a round, a byte back reports its end */
	struct ledger *ledger;
};

/* --- truth.c --- */

/* Adds to a counter that several processes may share. */
void add(uint64_t *counter, uint64_t n);

/* Counts the exit of a process by its wait status. */
void count_end(struct truth *truth, int wait_status);

/* Counts processes that certainly lived when the init ended, and cannot end otherwise. */
void count_teardown(struct truth *truth, uint64_t n);

struct truth truth_since(const struct truth *now, const struct truth *then);

/* Prints a namespace's line, with `after_ready`, a part of the truth, unless it is NULL. */
void print_truth(const struct options *options, const struct ledger *ledger,
		 const struct truth *after_ready);
void print_ready(void);

/* Ends a line of stdout and flushes it. */
void end_line(void);

/* --- process.c --- */

/* Path of this program, for execs of itself. */
extern char program[];

/* Prints one line, with errno if it is set, and exits. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

_Noreturn void sleep_forever(void);
void sleep_ms(long milliseconds);

/* Replaces the process; the new image exits at once, with STATUS_EXECED. */
_Noreturn void exec_exit(void);

/* Replaces the process by this program, in the role of argv[0]. */
_Noreturn void exec_role(const char *const argv[]);

/* Counts the process that fork or vfork returned, or fails. */
void count_fork(struct truth *truth, pid_t child);

/* Waits for a child (any child: -1), checks its status, and counts its exit and its exec, if any.
 */
pid_t reap(struct truth *truth, pid_t child, enum status expected);

/* Waits for a child with any status, counts its exit but no exec, and returns the wait status. */
int reap_any(struct truth *truth, pid_t child);

/* The same for a child that must exit with this code, or die of this signal. */
void reap_code(struct truth *truth, pid_t child, int code);
void reap_killed(struct truth *truth, pid_t child, int signal);

/* Waits until a child has exited, and counts that, but leaves a zombie, for reap_zombie. */
void wait_for_zombie(struct truth *truth, pid_t child);
void reap_zombie(pid_t zombie);

/* Forks a child that does `work`. */
pid_t start(struct truth *truth, const struct options *options, work_fn *work, unsigned long index);

/* Forks `count` children that exec, exit and are waited for one by one. */
void spawn(struct truth *truth, unsigned long count);

/* Forks options->count children that do `work`, `parallel` of them at a time. */
void run_processes(struct truth *truth, const struct options *options, unsigned long parallel,
		   work_fn *work, enum status expected);

/* --- namespace.c --- */

uint64_t ns_inode(const char *path);

/* Memory for `n` ledgers that is shared across fork. */
struct ledger *new_ledgers(unsigned long n);

/* Creates a namespace whose init waits for rounds; returns once the init is set up. */
void ns_start(struct pidns *ns, struct ledger *ledger, round_fn *round,
	      const struct options *options);
void ns_begin_round(struct pidns *ns);
void ns_end_round(struct pidns *ns);

/* Ends and reaps the init: after that, nothing can happen in the namespace. */
void ns_finish(struct pidns *ns);

/* Kills the init from outside instead. */
void ns_kill(struct pidns *ns);

/* Reaps an init that a signal has ended or will end. */
void ns_reap_killed(struct pidns *ns, int signal);

/* --- threads.c --- */

enum { THREADS_MAX = 256 };

/* Starts a thread of the calling process, on the stack `slot` (each usable once per process). */
void start_thread(struct truth *truth, unsigned long slot, int (*run)(void *), void *argument);

/* Ends the calling thread only, unlike _exit. */
_Noreturn void exit_thread(enum status status);

/* A thread that ends at once. */
int run_nothing(void *unused);

work_fn work_exit_group, work_barrier;
round_fn round_exit_group, round_barrier, round_leader_first, round_exec, round_two_codes;

/* --- cases.c --- */

/* Does one round in one namespace and prints its truth. */
void run_once(const struct options *options, round_fn *round);

round_fn round_spawn, round_fork, round_exec_chain, round_mixed, round_background;
void run_churn(const struct options *options);
_Noreturn void role_chain(char **argv);

/* --- survivors.c: processes that live on, and zombies --- */

/* Starts a process that lives on in `work`, and returns when it has reported its state. */
pid_t start_survivor(struct ledger *ledger, const struct options *options, work_fn *work,
		     unsigned long index);

/* `work` of a survivor calls it before it sleeps or spins forever. */
void report_settled(void);
work_fn live_asleep, live_spinning, live_threaded, live_threaded_spinning, live_leaderless;

/* Starts a survivor with options->threads threads besides its leader. */
void start_survivor_with_threads(struct ledger *ledger, const struct options *options,
				 work_fn *work);

/* Starts a survivor whose leader has ended, with options->threads live threads. */
void start_leaderless(struct ledger *ledger, const struct options *options);
void start_stopped(struct ledger *ledger, const struct options *options);

/* Starts a zombie child of the init, and one of a sleeping process. */
void start_zombie(struct ledger *ledger, const struct options *options, unsigned long index);
void start_zombie_parent(struct ledger *ledger, const struct options *options);

void kill_survivors(void);

/* Reaps all survivors, which must have been killed, and zombies. */
void reap_survivors(struct ledger *ledger);

/* --- ends.c: exit codes, signals, core dumps --- */

round_fn round_exit_codes, round_signals, round_core_dump;
void run_sigkill(const struct options *options);

/* The n-th signal that ends a process by default; n may be any number. */
int deadly_signal(unsigned long n);
work_fn work_exit_code, work_signal;

/* 0 prevents core dumps of the calling process. */
void limit_cores(rlim_t bytes);

/* --- exec_failure.c --- */

round_fn round_exec_failure;

/* Creates the files for failing execs; once, before try_exec. */
void prepare_exec_failures(void);

/* Starts a child by vfork whose exec fails; `index` selects the failure and the next step. */
void try_exec(struct truth *truth, unsigned long index);

/* --- families.c: parents that did not fork --- */

round_fn round_double_fork, round_subreaper, round_clone_parent;

/* Starts a child that starts a child and exits; returns when both have been reaped. */
void start_orphan(struct truth *truth);

/* --- teardown.c: exits of inits, and nested namespaces --- */

void run_init_exits(const struct options *options);
void run_init_killed(const struct options *options);
void run_nested(const struct options *options);
void run_nested_teardown(const struct options *options);

/* --- reboot.c: inits that reboot(2) ends --- */

void run_reboot_case(const struct options *options);

/* --- odd_ends.c: threads killed alone, and SIGKILL during an exit --- */

round_fn round_odd_ends;

/* --- io_uring.c: threads that the kernel creates --- */

round_fn round_io_uring;

/* --- cgroup.c: a memory cgroup, v1 or v2 --- */

struct cgroup {
	char path[256];
	bool v2;
	pid_t remover; /* removes it when `alive` has no holder */
	int alive;
};

/* Creates one with a limit of `bytes`; exits with STATUS_UNABLE without a memory controller. */
void cgroup_make(struct cgroup *cgroup, uint64_t bytes, bool only_v2);

/* Removes it. It is also removed if the workload dies. */
void cgroup_remove(const struct cgroup *cgroup);

/* Moves the calling process into it. */
void cgroup_join(const struct cgroup *cgroup);
void cgroup_write(const struct cgroup *cgroup, const char *file, const char *text);

/* The kernel's count of OOM kills in it. */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

/* --- oom.c --- */

/* Allocates until it is killed; fails if it gets more than 32 MiB. */
work_fn work_allocate;

void run_oom(const struct options *options);
void run_oom_group(const struct options *options);

/* --- container.c: the entry point of a container --- */

/* Blocks SIGTERM, which ends the container's work, and counts the runtime's events before. */
struct ledger *enter_container(sigset_t *stop);
void report_ready(const struct options *options, const struct ledger *ledger);

/* Prints the final truth, which already counts the exit of the process. */
void leave_container(const struct options *options, struct ledger *ledger);

void run_container(const struct options *options);
_Noreturn void role_pause(void);

/* --- steady.c: entry points that repeat the same load --- */

void run_idle(const struct options *options);
void run_crash_loop(const struct options *options);
void run_fork_storm(const struct options *options);
void run_oom_loop(const struct options *options);
void run_zombies(const struct options *options);
void run_thread_growth(const struct options *options);

/* --- identities.c --- */

void run_identities(const struct options *options);
_Noreturn void role_identity(char **argv);

/* --- outside.c: namespaces that are used or held open from outside --- */

void run_setns(const struct options *options);
void run_bind_mount(const struct options *options);

/* --- lifetimes.c --- */

void run_lifetimes(const struct options *options);
void print_lifetimes(const struct lifetimes *lifetimes);

/* --- mixture.c --- */

round_fn round_mixture;

/* --- directory.c --- */

/* The current directory becomes a new, empty one, which disappears with its last process. */
void enter_temporary_directory(void);

/* --- live.c: namespaces that are controlled by stdin --- */

void run_hold(const struct options *options);
void run_existing(const struct options *options);
void run_states(const struct options *options);
void run_mixture(const struct options *options);
void run_io_uring(const struct options *options);
void wait_for_end_of_stdin(void);

/* --- unshare.c --- */

void run_unshare(const struct options *options);
_Noreturn void role_unshared(char **argv);
_Noreturn void role_wait(char **argv);
