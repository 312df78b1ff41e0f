/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case of threads that the kernel creates for a process, without clone: a polling thread
 * for each ring with IORING_SETUP_SQPOLL, and a worker for a blocking request.
 *
 * /proc/self/task gives their number. The worker waits in the open of a FIFO
 * without a writer, so it does not end before its process.
 */

#define _GNU_SOURCE
#include "workload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORKERS = 1, ENTRIES = 1 };
static const char fifo[] = "fifo";

static unsigned long count_tasks(void)
{
	DIR *folder = opendir("/proc/self/task");
	unsigned long n = 0;

	if (!folder)
		fail("/proc/self/task");
	for (struct dirent *entry; (entry = readdir(folder));)
		n += entry->d_name[0] != '.';
	closedir(folder);
	return n;
}

static int make_ring(struct io_uring_params *parameters)
{
	int ring = syscall(SYS_io_uring_setup, ENTRIES, parameters);

	if (ring < 0)
		fail("io_uring_setup");
	return ring;
}

static void make_polled_ring(struct truth *truth)
{
	struct io_uring_params parameters = {.flags = IORING_SETUP_SQPOLL};

	make_ring(&parameters);
	add(&truth->thread_starts, 1);
}

static void *map(int ring, size_t size, off_t offset)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);

	if (memory == MAP_FAILED)
		fail("mmap of a ring");
	return memory;
}

/* Submits a blocking open, which the kernel passes to a worker. */
static void start_worker(struct truth *truth)
{
	struct io_uring_params parameters = {0};
	int ring = make_ring(&parameters);
	char *queue =
		map(ring, parameters.sq_off.array + ENTRIES * sizeof(uint32_t), IORING_OFF_SQ_RING);
	struct io_uring_sqe *request = map(ring, ENTRIES * sizeof(*request), IORING_OFF_SQES);

	request->opcode = IORING_OP_OPENAT;
	request->flags = IOSQE_ASYNC;
	request->fd = AT_FDCWD;
	request->addr = (uintptr_t)fifo;
	request->open_flags = O_RDONLY;
	((uint32_t *)(queue + parameters.sq_off.array))[0] = 0;
	__atomic_store_n((uint32_t *)(queue + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		fail("io_uring_enter");
	add(&truth->thread_starts, WORKERS);
}

/* Has options->threads polling threads, and a worker. */
static void start_kernel_threads(struct truth *truth, const struct options *options)
{
	enum { PATIENCE_MS = 60000 };
	unsigned long expected = 1 + options->threads + WORKERS, tasks = 0;

	for (unsigned long i = 0; i < options->threads; i++)
		make_polled_ring(truth);
	start_worker(truth);
	for (int waited = 0; waited < PATIENCE_MS && tasks != expected; waited++) {
		tasks = count_tasks();
		if (tasks != expected)
			sleep_ms(1);
	}
	errno = 0;
	if (tasks != expected)
		fail("%lu tasks instead of %lu", tasks, expected);
}

static void work_rings(struct truth *truth, const struct options *options, unsigned long index)
{
	(void)index;
	start_kernel_threads(truth, options);
	_exit(STATUS_DONE);
}

static void live_rings(struct truth *truth, const struct options *options, unsigned long index)
{
	start_kernel_threads(truth, options);
	live_asleep(truth, options, index);
}

void round_io_uring(struct ledger *ledger, const struct options *options)
{
	if (ledger->live.processes > 1) {
		kill_survivors();
		reap_survivors(ledger);
		return;
	}
	enter_temporary_directory();
	if (mkfifo(fifo, 0600) < 0)
		fail("mkfifo");
	run_processes(&ledger->truth, options, options->parallel, work_rings, STATUS_DONE);
	for (unsigned long i = 0; i < options->count; i++) {
		start_survivor(ledger, options, live_rings, i);
		add(&ledger->live.threads, options->threads + WORKERS);
	}
}
