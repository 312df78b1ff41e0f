/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <zlib.h>

/* deflateInit2 is a macro, which Swift cannot import. -15 asks for the largest window, without a
 * header and a trailer. With less memory than zlib's usual level, 8, a large page is compressed
 * faster and better, and there is less to clear before each piece. */
static inline int CZlib_start_deflate(z_stream *stream, int level)
{
	return deflateInit2(stream, level, Z_DEFLATED, -15, 6, Z_DEFAULT_STRATEGY);
}
