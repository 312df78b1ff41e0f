# SPDX-License-Identifier: Apache-2.0
"""Whether the exporters themselves are well, and what they cost."""

from parts import EXPORTER_VARIABLES, dashboard, now, query, row, stat, table, timeseries

EXPORTERS = 'cluster=~"$cluster", job=~"$job", instance=~"$instance"'
LEGEND = "{{instance}}"


def each(expression, legend=""):
    return query(expression, LEGEND + legend)


DASHBOARD = dashboard(
    "pidns-exporter", "Processes / Exporter", "Whether pidns-exporter counts everything, and what that costs.", EXPORTER_VARIABLES,
    [
        stat("Answer", "Exporters that Prometheus could scrape.", "short", f"sum(up{{{EXPORTERS}}})"),
        stat("Do not answer", "Exporters that Prometheus could not scrape.", "short", f"sum(up{{{EXPORTERS}}} == bool 0)", bad=1),
        stat("Do not count", "Exporters that answer, but whose last poll could not read the kernel.", "short",
             f"sum(pidns_up{{{EXPORTERS}}} == bool 0)", bad=1),
        stat("Events without a namespace", "In the time that is shown: they are in the nodes' totals, but in no container's series.", "short",
             f"sum(increase(pidns_bpf_events_dropped_total{{{EXPORTERS}}}[$__range]))", bad=0.5),
        stat("Namespaces not shown", "In the time that is shown, for want of room (--namespaces.max); what a flag leaves out is not counted here.",
             "short", f'sum(increase(pidns_namespaces_dropped_total{{{EXPORTERS}, reason!="excluded"}}[$__range]))', bad=0.5),
        stat("Names missing", "PID namespaces in a container whose name is not known.", "short",
             f"sum(pidns_namespaces_unresolved{{{EXPORTERS}}})", bad=1),

        row("Is anything missing?"),
        timeseries("Room in the maps", "Entries of each BPF map, of those it has room for. What begins when one is full is in the nodes' totals only.", "percentunit",
                   each(f"pidns_bpf_map_entries{{{EXPORTERS}}} / pidns_bpf_map_capacity", " {{map}}")),
        timeseries("Programs skipped", "Runs per second that the kernel skipped. From Linux 7.0 on each event has three programs: it is lost if all three were.", "ops",
                   each(f"rate(pidns_bpf_program_misses_total{{{EXPORTERS}}}[$__rate_interval])", " {{program}}")),
        timeseries("Events without a namespace", "Per second, by reason.", "ops",
                   each(f"sum by (instance, reason) (rate(pidns_bpf_events_dropped_total{{{EXPORTERS}}}[$__rate_interval]))", " {{reason}}")),
        table("Programs that are not attached", "The kernel has refused them; the exporter's log says why. All else is counted.", "short",
              [(None, now(f"pidns_bpf_program_attached{{{EXPORTERS}}} == 0"))], hidden=("Time", "__name__"), width=12, height=8),

        row("How fresh is it?"),
        timeseries("Age of what is shown", "How long before the scrape the last poll ended. About --poll.interval at the most.", "s",
                   each(f"timestamp(pidns_last_poll_timestamp_seconds{{{EXPORTERS}}}) - pidns_last_poll_timestamp_seconds")),
        timeseries("Polls and walks", "How long the last poll took, and in it the last walk over all tasks.", "s",
                   each(f"pidns_poll_duration_seconds{{{EXPORTERS}}}", " poll"),
                   each(f"pidns_task_walk_duration_seconds{{{EXPORTERS}}}", " walk")),

        row("Names"),
        timeseries("Pods", "Pods of its node that each exporter knows; needs --kubernetes.", "short",
                   each(f"pidns_kubernetes_pods{{{EXPORTERS}}}")),
        timeseries("Failures of the watch", "Per second, by reason. \"expired\" is everyday business.", "ops",
                   each(f"sum by (instance, reason) (rate(pidns_kubernetes_watch_errors_total{{{EXPORTERS}}}[$__rate_interval]))", " {{reason}}")),
        timeseries("Since the API server was heard", "A server that is well sends a bookmark a minute or so.", "s",
                   each(f"time() - pidns_kubernetes_last_event_timestamp_seconds{{{EXPORTERS}}} > 0")),
        timeseries("Names missing", "PID namespaces in a container whose name is not known.", "short",
                   each(f"pidns_namespaces_unresolved{{{EXPORTERS}}}")),

        row("What it costs"),
        timeseries("CPU", "Of the exporter's process; what its programs take is the kernel's, and beside this.", "percentunit",
                   each(f"rate(process_cpu_seconds_total{{{EXPORTERS}}}[$__rate_interval]) and on (instance, job) pidns_up")),
        timeseries("Programs", "CPU time per second in BPF programs, of all processes of the node; needs kernel.bpf_stats_enabled=1.", "percentunit",
                   each(f"sum by (instance) (rate(pidns_bpf_program_run_seconds_total{{{EXPORTERS}}}[$__rate_interval]))")),
        timeseries("Memory", "Resident, and that of the BPF maps, which is charged to the exporter's container.", "bytes",
                   each(f"process_resident_memory_bytes{{{EXPORTERS}}} and on (instance, job) pidns_up", " process"),
                   each(f"sum by (instance) (pidns_bpf_map_memory_bytes{{{EXPORTERS}}})", " maps")),
        timeseries("Scrapes", "How long a scrape takes.", "s", each(f"scrape_duration_seconds{{{EXPORTERS}}} and on (instance, job) pidns_up")),
        timeseries("Series", "Samples in each scrape; 18 for each PID namespace by default.", "short",
                   each(f"scrape_samples_scraped{{{EXPORTERS}}} and on (instance, job) pidns_up")),
        timeseries("PID namespaces", "That live, and that have ended and are still shown.", "short",
                   each(f"pidns_namespaces{{{EXPORTERS}}}", " {{state}}")),

        row("Which"),
        table("Versions", "What each exporter was built from.", "short",
              [(None, now(f"pidns_exporter_build_info{{{EXPORTERS}}}"))], hidden=("Time", "__name__", "endpoint"), height=6),
    ])
