/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases of processes whose threads race to exit.
 *
 * Threads are created by clone: no TLS, no pthread, no helper threads of glibc. They share
 * the leader's thread control block, so they only use atomics and system calls that
 * cannot fail (errno is never written).
 */

#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK_SIZE = 16384, SPINS = 200, FOREVER = 3600, NEVER = 2 };

/* Untouched in the init, so that each process gets new pages of it without mmap. */
static char stacks[THREADS_MAX][STACK_SIZE] __attribute__((aligned(STACK_SIZE)));

/* State of the calling process, inherited from the init. */
static atomic_uint opened;	 /* 1 once the leader has started all threads */
static atomic_uint arrived;	 /* threads at the barrier */
static atomic_uint leader_lives; /* 0 once the kernel has seen the leader end */
static unsigned long threads, index_of_process;

void start_thread(struct truth *truth, unsigned long slot, int (*run)(void *), void *argument)
{
	int flags =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

	/* Before clone, because the thread may end the process at once. */
	add(&truth->thread_starts, 1);
	if (clone(run, stacks[slot] + STACK_SIZE, flags, argument) < 0)
		fail("clone of a thread");
}

void exit_thread(enum status status)
{
	syscall(SYS_exit, status);
	__builtin_unreachable();
}

int run_nothing(void *unused)
{
	(void)unused;
	exit_thread(STATUS_ALONE);
}

/* Spins, because another CPU may store the value soon, and yields to threads of this CPU. */
static void wait_for(const atomic_uint *word, unsigned int value)
{
	for (unsigned int spins = 1; atomic_load(word) != value; spins++)
		if (spins % SPINS == 0)
			syscall(SYS_sched_yield);
}

static void sleep_for(time_t seconds, long nanoseconds)
{
	struct timespec duration = {.tv_sec = seconds, .tv_nsec = nanoseconds};

	syscall(SYS_nanosleep, &duration, NULL);
}

/* Starts `run` in all threads except the leader; the argument is the thread's number, from 1. */
static void start_threads(struct truth *truth, unsigned long n, int (*run)(void *))
{
	for (uintptr_t number = 1; number <= n; number++)
		start_thread(truth, number - 1, run, (void *)number);
}

static void prepare(const struct options *options, unsigned long index)
{
	threads = options->threads;
	index_of_process = index;
}

/*
 * exit_group: one thread, a different one in each process, calls it while the others exit
 * alone, sleep, or some of each.
 */
static int run_exit_group(void *argument)
{
	unsigned long number = (uintptr_t)argument;
	unsigned long caller = index_of_process % (threads + 1);
	enum { ALL_EXIT, ALL_SLEEP, HALF } others = index_of_process / (threads + 1) % 3;

	wait_for(&opened, 1);
	if (number == caller)
		syscall(SYS_exit_group, STATUS_DONE);
	if (others == ALL_SLEEP || (others == HALF && number % 2))
		sleep_for(FOREVER, 0);
	exit_thread(STATUS_ALONE);
}

void work_exit_group(struct truth *truth, const struct options *options, unsigned long index)
{
	prepare(options, index);
	start_threads(truth, threads, run_exit_group);
	atomic_store(&opened, 1);
	run_exit_group((void *)0);
}

void round_exit_group(struct ledger *ledger, const struct options *options)
{
	run_processes(&ledger->truth, options, options->parallel, work_exit_group, STATUS_DONE);
}

/* barrier: all threads exit alone at the same time, and the last one ends the process. */
static int run_barrier(void *unused)
{
	(void)unused;
	atomic_fetch_add(&arrived, 1);
	wait_for(&arrived, threads);
	exit_thread(STATUS_DONE);
}

void work_barrier(struct truth *truth, const struct options *options, unsigned long index)
{
	prepare(options, index);
	start_threads(truth, threads - 1, run_barrier);
	run_barrier(NULL);
}

void round_barrier(struct ledger *ledger, const struct options *options)
{
	run_processes(&ledger->truth, options, options->parallel, work_barrier, STATUS_DONE);
}

/*
 * leader-first: the leader exits alone. After that, the others live for a time that differs
 * between processes, then all exit alone.
 */
static int run_after_leader(void *unused)
{
	long microseconds = index_of_process % 4 ? index_of_process % 500 : 0;

	(void)unused;
	wait_for(&leader_lives, 0);
	if (microseconds)
		sleep_for(0, microseconds * 1000);
	exit_thread(STATUS_DONE);
}

static void work_leader_first(struct truth *truth, const struct options *options,
			      unsigned long index)
{
	prepare(options, index);
	atomic_store(&leader_lives, 1);
	/* The kernel clears it when the leader ends; nothing earlier would be as certain. */
	syscall(SYS_set_tid_address, &leader_lives);
	start_threads(truth, threads, run_after_leader);
	exit_thread(STATUS_DONE);
}

void round_leader_first(struct ledger *ledger, const struct options *options)
{
	/* Inherited by the children: sleeps end in time, not up to 50 us later. */
	if (prctl(PR_SET_TIMERSLACK, 1) < 0)
		fail("prctl");
	run_processes(&ledger->truth, options, options->parallel, work_leader_first, STATUS_DONE);
}

/*
 * two-codes: like leader-first, but leader and others exit with different codes. The process's
 * code depends on the kernel: the leader's on 5.10, the last thread's on 6.1 and later.
 */
static int run_last(void *unused)
{
	(void)unused;
	wait_for(&leader_lives, 0);
	exit_thread(STATUS_LAST);
}

static void work_two_codes(struct truth *truth, const struct options *options, unsigned long index)
{
	prepare(options, index);
	atomic_store(&leader_lives, 1);
	syscall(SYS_set_tid_address, &leader_lives);
	start_threads(truth, threads, run_last);
	exit_thread(STATUS_LEADER);
}

void round_two_codes(struct ledger *ledger, const struct options *options)
{
	for (unsigned long i = 0; i < options->count; i++) {
		int status =
			reap_any(&ledger->truth, start(&ledger->truth, options, work_two_codes, i));

		errno = 0;
		if (status != W_EXITCODE(STATUS_LEADER, 0) && status != W_EXITCODE(STATUS_LAST, 0))
			fail("a process ended with wait status 0x%x", status);
	}
}

/* exec: one thread that is not the leader execs, while the others spin or sleep. */
static int run_exec(void *argument)
{
	unsigned long number = (uintptr_t)argument;

	wait_for(&opened, 1);
	if (number == 1 + index_of_process % threads)
		exec_exit();
	if ((number + index_of_process) % 2)
		sleep_for(FOREVER, 0);
	wait_for(&opened, NEVER);
	exit_thread(STATUS_ALONE);
}

static void work_exec(struct truth *truth, const struct options *options, unsigned long index)
{
	prepare(options, index);
	start_threads(truth, threads, run_exec);
	atomic_store(&opened, 1);
	run_exec((void *)0);
}

void round_exec(struct ledger *ledger, const struct options *options)
{
	run_processes(&ledger->truth, options, options->parallel, work_exec, STATUS_EXECED);
}
