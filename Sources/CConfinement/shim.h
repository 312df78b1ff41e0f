/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The functions of libseccomp that are called. The library is loaded with dlopen() for as long as
 * the filter is made, so that it takes no memory afterwards. The types are those of the headers.
 */
struct CConfinement_Library {
	__typeof__(&seccomp_init) make;
	__typeof__(&seccomp_release) release;
	__typeof__(&seccomp_attr_set) attr_set;
	__typeof__(&seccomp_syscall_resolve_name) resolve_name;
	__typeof__(&seccomp_rule_add_array) rule_add_array;
	__typeof__(&seccomp_load) load;
};

/* Finds the functions in a loaded library. Returns the name of the first one that is missing, or
 * NULL. */
static inline const char *CConfinement_resolve(void *handle, struct CConfinement_Library *library)
{
#define CCONFINEMENT_FIND(field, name)                                            \
	do {                                                                      \
		library->field = (__typeof__(library->field))dlsym(handle, name); \
		if (!library->field)                                              \
			return name;                                              \
	} while (0)

	CCONFINEMENT_FIND(make, "seccomp_init");
	CCONFINEMENT_FIND(release, "seccomp_release");
	CCONFINEMENT_FIND(attr_set, "seccomp_attr_set");
	CCONFINEMENT_FIND(resolve_name, "seccomp_syscall_resolve_name");
	CCONFINEMENT_FIND(rule_add_array, "seccomp_rule_add_array");
	CCONFINEMENT_FIND(load, "seccomp_load");
#undef CCONFINEMENT_FIND
	return NULL;
}

/* SCMP_ACT_ERRNO is a macro with an argument. */
static inline uint32_t CConfinement_fail_with(int error)
{
	return SCMP_ACT_ERRNO(error);
}

/* prctl() is variadic. Returns 0, a value, or a negative errno. */
static inline int CConfinement_prctl(int option, unsigned long argument)
{
	int result = prctl(option, argument, 0, 0, 0);

	return result < 0 ? -errno : result;
}

/* The capabilities of the calling thread, in 64 bits each: glibc does not wrap the system calls.
 * Returns 0 or a negative errno. */
struct CConfinement_Capabilities {
	uint64_t effective, permitted, inheritable;
};

static inline int CConfinement_get_capabilities(struct CConfinement_Capabilities *set)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	set->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	set->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	set->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static inline int CConfinement_set_capabilities(const struct CConfinement_Capabilities *set)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)set->effective, (uint32_t)set->permitted, (uint32_t)set->inheritable},
		{(uint32_t)(set->effective >> 32), (uint32_t)(set->permitted >> 32),
		 (uint32_t)(set->inheritable >> 32)},
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/*
 * Landlock, of include/uapi/linux/landlock.h. Debian 12's header is older than the rights below,
 * and glibc wraps none of the system calls. The kernel takes a longer structure than its own if the
 * rest is 0.
 */
#define CCONFINEMENT_LANDLOCK_CREATE_RULESET 444
#define CCONFINEMENT_LANDLOCK_ADD_RULE	     445
#define CCONFINEMENT_LANDLOCK_RESTRICT_SELF  446

struct CConfinement_Ruleset {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

/* Returns the version of Landlock's ABI, at least 1, or a negative errno. */
static inline int CConfinement_landlock_version(void)
{
	long result = syscall(CCONFINEMENT_LANDLOCK_CREATE_RULESET, NULL, 0, 1U);

	return result < 0 ? -errno : (int)result;
}

/* Returns a descriptor or a negative errno. */
static inline int CConfinement_landlock_create(const struct CConfinement_Ruleset *ruleset,
					       size_t size)
{
	long result = syscall(CCONFINEMENT_LANDLOCK_CREATE_RULESET, ruleset, size, 0U);

	return result < 0 ? -errno : (int)result;
}

/* parent is a descriptor of a file or a folder with all that is in it. */
static inline int CConfinement_landlock_allow_path(int ruleset, uint64_t access, int parent)
{
	struct {
		uint64_t allowed_access;
		int32_t parent_fd;
	} __attribute__((packed)) rule = {access, parent};

	return syscall(CCONFINEMENT_LANDLOCK_ADD_RULE, ruleset, 1, &rule, 0U) < 0 ? -errno : 0;
}

static inline int CConfinement_landlock_allow_port(int ruleset, uint64_t access, uint64_t port)
{
	struct {
		uint64_t allowed_access, port;
	} rule = {access, port};

	return syscall(CCONFINEMENT_LANDLOCK_ADD_RULE, ruleset, 2, &rule, 0U) < 0 ? -errno : 0;
}

static inline int CConfinement_landlock_restrict(int ruleset)
{
	return syscall(CCONFINEMENT_LANDLOCK_RESTRICT_SELF, ruleset, 0U) < 0 ? -errno : 0;
}

/* syscall() is variadic. For tests. Returns a negative errno on failure. */
static inline long CConfinement_call(long number, long a, long b, long c, long d, long e)
{
	long result = syscall(number, a, b, c, d, e);

	return result < 0 ? -errno : result;
}
