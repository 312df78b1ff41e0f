/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* MHD's header describes this function and does not name its type. */
typedef size_t (*CMHD_UnescapeCallback)(void *context, struct MHD_Connection *connection,
					char *text);

/* Receives the lines of MHD's log, each truncated to 511 bytes. */
typedef void (*CMHD_LogReceiver)(void *context, const char *line);

/* Where the receiver is stored. In a function, because Swift emits no variable of a header. */
static inline CMHD_LogReceiver *CMHD_receiver(void)
{
	static CMHD_LogReceiver receiver;

	return &receiver;
}

/* Formats a line. In C, because Swift's compiler crashes on a va_list of arm64. */
static inline void CMHD_log(void *context, const char *format, va_list arguments)
{
	char line[512];

	vsnprintf(line, sizeof(line), format, arguments);
	(*CMHD_receiver())(context, line);
}

/*
 * MHD_USE_TLS needs a certificate or a function that finds one. Each session gets its own
 * credentials before its handshake, so this one is never called, whatever its parameters would be.
 */
static inline int CMHD_no_certificate(void)
{
	return -1;
}

/*
 * MHD_start_daemon is variadic, which Swift cannot call, and reads each option's value by its own C
 * type. The logger comes first because MHD writes to stderr what it has to say before it reads that
 * option. MHD_USE_ITC is asked for because without it MHD wakes its thread for a stop through the
 * listening socket, which the thread does not poll while it has no descriptors left for clients.
 *
 * With TLS, poll() and not epoll: MHD (0.9.75) forgets to mark a connection as not readable while
 * its handshake waits for the client, and its edge-triggered loop spins until the handshake ends.
 * For plain HTTP, epoll: with 480 connections open, a new one costs 35 us, and 108 us with poll().
 */
static inline struct MHD_Daemon *
CMHD_start_daemon(MHD_socket listen_socket, int uses_tls, unsigned int connection_limit,
		  size_t connection_memory_limit, size_t connection_memory_increment,
		  CMHD_LogReceiver receiver, MHD_AcceptPolicyCallback accept_policy,
		  MHD_NotifyConnectionCallback notify_connection,
		  MHD_RequestCompletedCallback notify_completed, CMHD_UnescapeCallback unescape,
		  MHD_AccessHandlerCallback answer, void *context)
{
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			     MHD_ALLOW_SUSPEND_RESUME |
			     (uses_tls ? MHD_USE_TLS | MHD_USE_POLL : MHD_USE_AUTO);
	struct MHD_OptionItem tls[] = {
		{uses_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, 0,
		 (void *)CMHD_no_certificate},
		{MHD_OPTION_END, 0, NULL},
	};

	*CMHD_receiver() = receiver;
	/* An option and its values a line. clang-format would fill the lines. */
	/* clang-format off */
	return MHD_start_daemon(flags, 0,
				accept_policy, context,
				answer, context,
				MHD_OPTION_EXTERNAL_LOGGER, CMHD_log, context,
				MHD_OPTION_ARRAY, tls,
				MHD_OPTION_LISTEN_SOCKET, listen_socket,
				MHD_OPTION_CONNECTION_LIMIT, connection_limit,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory_limit,
				MHD_OPTION_CONNECTION_MEMORY_INCREMENT, connection_memory_increment,
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

/* The socket, which MHD owns; -1 where there is none. */
static inline MHD_socket CMHD_descriptor(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* What the notify-connection callback has stored for the connection. */
static inline void *CMHD_socket_context(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The gnutls_session_t of a connection; NULL for plain HTTP. */
static inline void *CMHD_tls_session(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info ? info->tls_session : NULL;
}
