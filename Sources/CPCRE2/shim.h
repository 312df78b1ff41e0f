/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8

#include <dlfcn.h>
#include <pcre2.h>

/* The functions of PCRE2 that are called. The types are those of the header. */
struct CPCRE2_Library {
	__typeof__(&pcre2_compile) compile;
	__typeof__(&pcre2_code_free) code_free;
	__typeof__(&pcre2_get_error_message) get_error_message;
	__typeof__(&pcre2_match) match;
	__typeof__(&pcre2_match_context_create) match_context_create;
	__typeof__(&pcre2_match_data_create) match_data_create;
	__typeof__(&pcre2_match_data_free) match_data_free;
	__typeof__(&pcre2_set_match_limit) set_match_limit;
	__typeof__(&pcre2_set_heap_limit) set_heap_limit;
};

/* Finds the functions in a loaded library. Returns the name of the first one that is missing, or
 * NULL. */
static inline const char *CPCRE2_resolve(void *handle, struct CPCRE2_Library *library)
{
#define CPCRE2_FIND(name)                                                                      \
	do {                                                                                   \
		library->name = (__typeof__(library->name))dlsym(handle, "pcre2_" #name "_8"); \
		if (!library->name)                                                            \
			return "pcre2_" #name "_8";                                            \
	} while (0)

	CPCRE2_FIND(compile);
	CPCRE2_FIND(code_free);
	CPCRE2_FIND(get_error_message);
	CPCRE2_FIND(match);
	CPCRE2_FIND(match_context_create);
	CPCRE2_FIND(match_data_create);
	CPCRE2_FIND(match_data_free);
	CPCRE2_FIND(set_match_limit);
	CPCRE2_FIND(set_heap_limit);
#undef CPCRE2_FIND
	return NULL;
}
