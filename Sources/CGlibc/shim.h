/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <elf.h>
#include <malloc.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
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

/* <link.h>, under _GNU_SOURCE; of struct dl_phdr_info only the first fields. */
struct dl_phdr_info;
int dl_iterate_phdr(int (*call)(struct dl_phdr_info *, size_t, void *), void *data);
struct shim_object {
	Elf64_Addr address;
	const char *name;
	const Elf64_Phdr *segments;
	Elf64_Half segment_count;
};

static inline int shim_drop_segments_of(struct dl_phdr_info *info, size_t size, void *unused)
{
	const struct shim_object *object = (const struct shim_object *)info;
	const Elf64_Addr page = (Elf64_Addr)sysconf(_SC_PAGESIZE);

	(void)size, (void)unused;
	/* The program has no name. The vDSO, which is no file, has one without a slash. */
	if (object->name[0] != '\0' && object->name[0] != '/')
		return 0;
	for (Elf64_Half i = 0; i < object->segment_count; i++) {
		const Elf64_Phdr *segment = &object->segments[i];
		Elf64_Addr start = object->address + segment->p_vaddr;
		Elf64_Addr end = (start + segment->p_memsz) & ~(page - 1);

		start = (start + page - 1) & ~(page - 1);
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && start < end)
			(void)madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

/* Drops the pages of segments that the loader does not write: code and constants, which are read
 * again from their files. Relocated pointers are in segments with PF_W. The loader's lock is held
 * meanwhile, so no library is being loaded or unloaded. */
static inline void shim_drop_constant_segments(void)
{
	dl_iterate_phdr(shim_drop_segments_of, 0);
}

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

/* MEMBARRIER_CMD_GLOBAL, by a raw call: glibc has no function for it. Returns 0, or -1 with errno.
 */
static inline long shim_membarrier(void)
{
	return syscall(SYS_membarrier, 1, 0, 0);
}
