# SPDX-License-Identifier: Apache-2.0
"""The counter families of the exporter, and their values in the ground truth of pidns-workload."""
LIFETIMES = "pidns_process_lifetime_seconds"
# Families with a series for each PID namespace, their fields in the ground truth, and the label of their parts.
FAMILIES = {
    "pidns_process_execs_total": ("execs", None),
    "pidns_process_forks_total": ("forks", None),
    "pidns_thread_starts_total": ("thread_starts", None),
    "pidns_process_exits_total": (("completed", "error", "signaled", "teardown"), "reason"),
    "pidns_process_signal_deaths_total": ("signals", "signal"),
    "pidns_process_core_dumps_total": ("core_dumps", None),
    "pidns_process_exit_codes_total": ("exit_codes", "exit_code"),
    "pidns_process_exec_failures_total": ("exec_failures", "errno"),
    "pidns_oom_kills_total": ("oom_kills", None),
    # Observations: one for each exit.
    LIFETIMES: ("exits", None),
}
# Totals of the node, which include events outside of a test, and the families that they add up.
NODE = {
    f"pidns_node_{family.removeprefix('pidns_')}": family for family in (
        "pidns_process_execs_total", "pidns_process_forks_total", "pidns_thread_starts_total", "pidns_process_exits_total",
        "pidns_oom_kills_total", LIFETIMES)}
# The families that need a flag of the exporter.
FLAGS = {
    "pidns_process_exit_codes_total": "--collector.exit-codes", "pidns_process_exec_failures_total": "--collector.exec-failures",
    LIFETIMES: "--lifetimes.per-namespace"}


def parts(truth, family):
    """Returns the counts of a line of the ground truth by label value, or under None without a label; parts at 0 are left out."""
    fields, label = FAMILIES[family]
    if isinstance(fields, tuple):
        found = {field: truth[field] for field in fields}
    elif label:
        found = truth[fields]
    else:
        found = {None: truth[fields]}
    return {part: value for part, value in found.items() if value}


def sample(family):
    """Returns the name of the samples that count: a histogram has one for its observations."""
    return family if family.endswith("_total") else f"{family}_count"
