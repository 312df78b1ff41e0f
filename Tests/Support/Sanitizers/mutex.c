// SPDX-License-Identifier: Apache-2.0

/// Reports the contended locks of Swift's Mutex to ThreadSanitizer, which otherwise takes what they
/// protect for races.
///
/// The fast path of `Mutex` is compiled into its users, where ThreadSanitizer sees its atomics. The
/// slow path, with a futex, is in libswiftSynchronization.so, which is not instrumented.
/// `scripts/sanitize.sh` loads this library before that one, with functions of the same names
/// (Swift 6.3).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK	 "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK	 "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Of the runtime in the program; missing in programs without it.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define SELF __attribute__((swift_context)) void *mutex

static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);
	if (function == NULL)
		abort();
	return function;
}

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF)
{
	__attribute__((swiftcall)) void (*lock)(uint32_t, SELF) = next(LOCK);
	lock(thread, mutex);
	if (__tsan_acquire)
		__tsan_acquire(mutex);
}

__attribute__((swiftcall)) bool try_lock_slow(SELF) __asm__(TRY_LOCK);
__attribute__((swiftcall)) bool try_lock_slow(SELF)
{
	__attribute__((swiftcall)) bool (*try_lock)(SELF) = next(TRY_LOCK);
	bool is_locked = try_lock(mutex);
	if (is_locked && __tsan_acquire)
		__tsan_acquire(mutex);
	return is_locked;
}

__attribute__((swiftcall)) void unlock_slow(SELF) __asm__(UNLOCK);
__attribute__((swiftcall)) void unlock_slow(SELF)
{
	__attribute__((swiftcall)) void (*unlock)(SELF) = next(UNLOCK);
	if (__tsan_release)
		__tsan_release(mutex);
	unlock(mutex);
}
