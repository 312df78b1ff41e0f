/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <malloc.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <wchar.h>

/* <string.h>, under _GNU_SOURCE, which the first file that includes it decides. */
const char *sigabbrev_np(int signal);
const char *strerrorname_np(int error);

/* <semaphore.h>, under _GNU_SOURCE. */
int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline);

/* <wchar.h>, under _XOPEN_SOURCE: how many columns of a terminal a character takes. */
int wcwidth(wchar_t character);

/* <sys/mman.h>, under _GNU_SOURCE. */
int memfd_create(const char *name, unsigned int flags);

/* prctl() is variadic. Ambient capabilities are a thread's: its children inherit none of them from
 * now on. */
static inline int shim_clear_ambient_capabilities(void)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* <unistd.h>, under _GNU_SOURCE, and <spawn.h>, under _DEFAULT_SOURCE. */
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/* The CPUs of the calling thread, as a set of bits, by raw calls: glibc's take macros. Return the
 * bytes written or 0, or -1 with errno. */
static inline long shim_get_cpus(unsigned long *bits, unsigned long bytes)
{
	return syscall(SYS_sched_getaffinity, 0, bytes, bits);
}

static inline long shim_set_cpus(const unsigned long *bits, unsigned long bytes)
{
	return syscall(SYS_sched_setaffinity, 0, bytes, bits);
}
