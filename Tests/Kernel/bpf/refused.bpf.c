/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* A program that every verifier rejects: it reads an argument that the tracepoint does not have. */
char LICENSE[] __attribute__((section("license"), used)) = "Dual BSD/GPL";

__attribute__((section("tp_btf/sched_process_exec"), used)) int refused(unsigned long long *ctx)
{
	return (int)ctx[9];
}
