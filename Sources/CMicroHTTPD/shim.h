/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <microhttpd.h>

/* MHD's header describes this function and does not name its type. */
typedef size_t (*CMHD_UnescapeCallback)(void *context, struct MHD_Connection *connection,
					char *text);

/*
 * MHD_start_daemon is variadic, which Swift cannot call, and reads each option's value by its own C
 * type. The logger comes first because MHD writes to stderr what it has to say before it reads that
 * option. MHD_USE_ITC is asked for because without it MHD wakes its thread for a stop through the
 * listening socket, which the thread does not poll while it has no descriptors left for clients.
 */
static inline struct MHD_Daemon *
CMHD_start_daemon(MHD_socket listen_socket, unsigned int connection_limit,
		  size_t connection_memory_limit, unsigned int connection_timeout_seconds,
		  MHD_LogCallback log, MHD_AcceptPolicyCallback accept_policy,
		  MHD_NotifyConnectionCallback notify_connection,
		  MHD_RequestCompletedCallback notify_completed, CMHD_UnescapeCallback unescape,
		  MHD_AccessHandlerCallback answer, void *context)
{
	unsigned int flags =
		MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;

	/* An option and its values a line. clang-format would fill the lines. */
	/* clang-format off */
	return MHD_start_daemon(flags, 0,
				accept_policy, context,
				answer, context,
				MHD_OPTION_EXTERNAL_LOGGER, log, context,
				MHD_OPTION_LISTEN_SOCKET, listen_socket,
				MHD_OPTION_CONNECTION_LIMIT, connection_limit,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory_limit,
				MHD_OPTION_CONNECTION_TIMEOUT, connection_timeout_seconds,
				MHD_OPTION_UNESCAPE_CALLBACK, unescape, context,
				MHD_OPTION_NOTIFY_CONNECTION, notify_connection, context,
				MHD_OPTION_NOTIFY_COMPLETED, notify_completed, context,
				MHD_OPTION_END);
	/* clang-format on */
}

/* MHD_get_connection_info is variadic, for a value that this kind of information does not take. */
static inline const struct sockaddr *CMHD_client_address(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info ? info->client_addr : NULL;
}
