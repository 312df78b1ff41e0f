/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <wchar.h>

/* <string.h>, under _GNU_SOURCE, which whoever includes it first decides on. */
const char *sigabbrev_np(int signal);
const char *strerrorname_np(int error);

/* <wchar.h>, under _XOPEN_SOURCE: how many columns of a terminal a character takes. */
int wcwidth(wchar_t character);

/* <sys/mman.h>, under _GNU_SOURCE. */
int memfd_create(const char *name, unsigned int flags);
