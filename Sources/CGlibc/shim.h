/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <malloc.h>

/* <string.h>, under _GNU_SOURCE, which whoever includes it first decides on. */
const char *sigabbrev_np(int signal);
const char *strerrorname_np(int error);
