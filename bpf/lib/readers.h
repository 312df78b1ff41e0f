/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The iterators by which user space reads the maps: each writes a record for every entry. */
#pragma once

#include "config.h"

#include <bpf/bpf_helpers.h>

/* Writes a struct pidns_counts_entry for every entry of `namespaces`. */
SEC("iter/bpf_map_elem")
int namespace_counts(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_part *part = ctx->key;
	struct pidns_counts *counts = ctx->value;

	if (!part || !counts)
		return 0;
	bpf_seq_write(ctx->meta->seq, part, sizeof(*part));
	bpf_seq_write(ctx->meta->seq, counts, sizeof(*counts));
	return 0;
}

/* Writes a struct pidns_signal_entry for every entry of `signals`. */
SEC("iter/bpf_map_elem")
int namespace_signals(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_detail *detail = ctx->key;
	struct pidns_signal *signal = ctx->value;

	if (!detail || !signal)
		return 0;
	bpf_seq_write(ctx->meta->seq, detail, sizeof(*detail));
	bpf_seq_write(ctx->meta->seq, signal, sizeof(*signal));
	return 0;
}

/* Writes a struct pidns_identity_entry for every entry of `identities`. */
SEC("iter/bpf_map_elem")
int namespace_identities(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_key *key = ctx->key;
	struct pidns_identity *identity = ctx->value;

	if (!key || !identity)
		return 0;
	bpf_seq_write(ctx->meta->seq, key, sizeof(*key));
	bpf_seq_write(ctx->meta->seq, identity, sizeof(*identity));
	return 0;
}

/* Writes a struct pidns_cgroup_entry for every entry of `cgroups`. */
SEC("iter/bpf_map_elem")
int namespace_cgroups(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_cgroup *cgroup = ctx->value;
	__u64 *id = ctx->key;

	if (!id || !cgroup)
		return 0;
	bpf_seq_write(ctx->meta->seq, id, sizeof(*id));
	bpf_seq_write(ctx->meta->seq, cgroup, sizeof(*cgroup));
	return 0;
}

/* Writes a struct pidns_detail_entry for every entry of `details`. */
SEC("iter/bpf_map_elem")
int namespace_details(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_detail *detail = ctx->key;
	__u64 *count = ctx->value;

	if (!detail || !count)
		return 0;
	bpf_seq_write(ctx->meta->seq, detail, sizeof(*detail));
	bpf_seq_write(ctx->meta->seq, count, sizeof(*count));
	return 0;
}
