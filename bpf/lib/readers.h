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
	struct pidns_counts *cpu = ctx->value;
	struct pidns_counts_entry entry = {};

	if (!part || !cpu)
		return 0;
	entry.part = *part;
	for (__u32 i = 0; i < config.possible_cpus; i++) {
		entry.counts.execs += cpu[i].execs;
		entry.counts.forks += cpu[i].forks;
		entry.counts.thread_starts += cpu[i].thread_starts;
		entry.counts.starts += cpu[i].starts;
		if (config.keep_exemplars &&
		    cpu[i].latest_exec.time > entry.counts.latest_exec.time)
			entry.counts.latest_exec = cpu[i].latest_exec;
	}
	bpf_seq_write(ctx->meta->seq, &entry, sizeof(entry));
	return 0;
}

/* Writes a struct pidns_exits_entry for every entry of `exits`. */
SEC("iter/bpf_map_elem")
int namespace_exits(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_part *part = ctx->key;
	struct pidns_exits *value = ctx->value;

	if (!part || !value)
		return 0;
	bpf_seq_write(ctx->meta->seq, part, sizeof(*part));
	bpf_seq_write(ctx->meta->seq, value, sizeof(*value));
	return 0;
}

/* Writes a struct pidns_signal_exemplar_entry for every entry of `signal_exemplars`. */
SEC("iter/bpf_map_elem")
int namespace_signal_exemplars(struct bpf_iter__bpf_map_elem *ctx)
{
	struct pidns_detail *detail = ctx->key;
	struct pidns_exemplar *exemplar = ctx->value;

	if (!detail || !exemplar)
		return 0;
	bpf_seq_write(ctx->meta->seq, detail, sizeof(*detail));
	bpf_seq_write(ctx->meta->seq, exemplar, sizeof(*exemplar));
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
