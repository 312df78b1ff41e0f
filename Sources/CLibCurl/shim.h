/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* CURLOPT_PROTOCOLS: what replaces it is newer than the libcurl of Debian 11 and of RHEL 9. */
#define CURL_DISABLE_DEPRECATION
/* The macros around curl_easy_setopt check types where it is called by name. Here it is called by
 * pointer. */
#define CURL_DISABLE_TYPECHECK

#include <curl/curl.h>
#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

/*
 * The functions of libcurl that are called. The library is loaded with dlopen() when the first
 * client is made, so that a process without a client does not map it and the 17 libraries that it
 * needs. The types are those of the headers; variadic functions are called by the inline functions
 * below, because Swift cannot call them.
 */
struct CCURL_Library {
	__typeof__(&curl_global_init) global_init;
	__typeof__(&curl_version) version;
	__typeof__(&curl_easy_init) easy_init;
	__typeof__(&curl_easy_cleanup) easy_cleanup;
	__typeof__(&curl_easy_reset) easy_reset;
	__typeof__(&curl_easy_setopt) easy_setopt;
	__typeof__(&curl_easy_getinfo) easy_getinfo;
	__typeof__(&curl_easy_strerror) easy_strerror;
	__typeof__(&curl_slist_append) slist_append;
	__typeof__(&curl_slist_free_all) slist_free_all;
	__typeof__(&curl_multi_init) multi_init;
	__typeof__(&curl_multi_cleanup) multi_cleanup;
	__typeof__(&curl_multi_setopt) multi_setopt;
	__typeof__(&curl_multi_add_handle) multi_add_handle;
	__typeof__(&curl_multi_remove_handle) multi_remove_handle;
	__typeof__(&curl_multi_perform) multi_perform;
	__typeof__(&curl_multi_poll) multi_poll;
	__typeof__(&curl_multi_info_read) multi_info_read;
	__typeof__(&curl_url) url;
	__typeof__(&curl_url_cleanup) url_cleanup;
	__typeof__(&curl_url_set) url_set;
	__typeof__(&curl_url_get) url_get;
	__typeof__(&curl_free) free;

	/* GnuTLS, which a libcurl of that flavour brings along: all NULL with another one. */
	__typeof__(&gnutls_certificate_allocate_credentials) tls_allocate;
	__typeof__(&gnutls_certificate_free_credentials) tls_free;
	__typeof__(&gnutls_certificate_set_x509_trust_mem) tls_trust;
	__typeof__(&gnutls_certificate_set_x509_key_mem2) tls_identity;
	__typeof__(&gnutls_strerror) tls_strerror;
};

/* Finds the functions in a loaded library. Returns the name of the first one that is missing, or
 * NULL. */
static inline const char *CCURL_resolve(void *handle, struct CCURL_Library *library)
{
#define CCURL_FIND(field, name)                                                   \
	do {                                                                      \
		library->field = (__typeof__(library->field))dlsym(handle, name); \
		if (!library->field)                                              \
			return name;                                              \
	} while (0)

	CCURL_FIND(global_init, "curl_global_init");
	CCURL_FIND(version, "curl_version");
	CCURL_FIND(easy_init, "curl_easy_init");
	CCURL_FIND(easy_cleanup, "curl_easy_cleanup");
	CCURL_FIND(easy_reset, "curl_easy_reset");
	CCURL_FIND(easy_setopt, "curl_easy_setopt");
	CCURL_FIND(easy_getinfo, "curl_easy_getinfo");
	CCURL_FIND(easy_strerror, "curl_easy_strerror");
	CCURL_FIND(slist_append, "curl_slist_append");
	CCURL_FIND(slist_free_all, "curl_slist_free_all");
	CCURL_FIND(multi_init, "curl_multi_init");
	CCURL_FIND(multi_cleanup, "curl_multi_cleanup");
	CCURL_FIND(multi_setopt, "curl_multi_setopt");
	CCURL_FIND(multi_add_handle, "curl_multi_add_handle");
	CCURL_FIND(multi_remove_handle, "curl_multi_remove_handle");
	CCURL_FIND(multi_perform, "curl_multi_perform");
	CCURL_FIND(multi_poll, "curl_multi_poll");
	CCURL_FIND(multi_info_read, "curl_multi_info_read");
	CCURL_FIND(url, "curl_url");
	CCURL_FIND(url_cleanup, "curl_url_cleanup");
	CCURL_FIND(url_set, "curl_url_set");
	CCURL_FIND(url_get, "curl_url_get");
	CCURL_FIND(free, "curl_free");
#undef CCURL_FIND

	library->tls_allocate = (__typeof__(library->tls_allocate))dlsym(
		handle, "gnutls_certificate_allocate_credentials");
	library->tls_free =
		(__typeof__(library->tls_free))dlsym(handle, "gnutls_certificate_free_credentials");
	library->tls_trust = (__typeof__(library->tls_trust))dlsym(
		handle, "gnutls_certificate_set_x509_trust_mem");
	library->tls_identity = (__typeof__(library->tls_identity))dlsym(
		handle, "gnutls_certificate_set_x509_key_mem2");
	library->tls_strerror = (__typeof__(library->tls_strerror))dlsym(handle, "gnutls_strerror");
	return NULL;
}

static inline CURLcode CCURL_set_number(const struct CCURL_Library *library, CURL *easy,
					CURLoption option, long value)
{
	return library->easy_setopt(easy, option, value);
}

/* libcurl copies the text. */
static inline CURLcode CCURL_set_text(const struct CCURL_Library *library, CURL *easy,
				      CURLoption option, const char *value)
{
	return library->easy_setopt(easy, option, value);
}

/* Makes the request a POST. libcurl copies the body. */
static inline CURLcode CCURL_set_body(const struct CCURL_Library *library, CURL *easy,
				      const void *body, size_t size)
{
	CURLcode code = library->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);

	return code == CURLE_OK ? library->easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body) : code;
}

/* libcurl does not copy the list or the buffer. */
static inline CURLcode CCURL_set_list(const struct CCURL_Library *library, CURL *easy,
				      CURLoption option, struct curl_slist *value)
{
	return library->easy_setopt(easy, option, value);
}

/* buffer has CURL_ERROR_SIZE bytes. */
static inline CURLcode CCURL_set_error_buffer(const struct CCURL_Library *library, CURL *easy,
					      char *buffer)
{
	return library->easy_setopt(easy, CURLOPT_ERRORBUFFER, buffer);
}

static inline CURLcode CCURL_set_callbacks(const struct CCURL_Library *library, CURL *easy,
					   curl_write_callback header, curl_write_callback body,
					   void *context)
{
	CURLcode code = library->easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);

	if (code == CURLE_OK)
		code = library->easy_setopt(easy, CURLOPT_HEADERDATA, context);
	if (code == CURLE_OK)
		code = library->easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
	if (code == CURLE_OK)
		code = library->easy_setopt(easy, CURLOPT_WRITEDATA, context);
	return code;
}

static inline void CCURL_set_connection_limit(const struct CCURL_Library *library, CURLM *multi,
					      long limit)
{
	library->multi_setopt(multi, CURLMOPT_MAXCONNECTS, limit);
}

/* Returns 0 where libcurl does not know. */
static inline long CCURL_number(const struct CCURL_Library *library, CURL *easy, CURLINFO info)
{
	long value = 0;

	return library->easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

/* Takes the result of the next transfer that has ended. Returns whether there was one. */
static inline bool CCURL_take_result(const struct CCURL_Library *library, CURLM *multi,
				     CURLcode *result)
{
	int left;
	CURLMsg *message;

	while ((message = library->multi_info_read(multi, &left)))
		if (message->msg == CURLMSG_DONE) {
			*result = message->data.result;
			return true;
		}
	return false;
}
