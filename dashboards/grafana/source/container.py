# SPDX-License-Identifier: Apache-2.0
"""One container, or a few: what its processes do, and how they end."""

from parts import CONTAINER_VARIABLES, dashboard, heatmap, now, query, row, table, timeseries

CONTAINERS = 'cluster=~"$cluster", job=~"$job", namespace=~"$namespace", pod=~"$pod", container=~"$container"'
BY = "cluster, namespace, pod, container"
LEGEND = "{{pod}} {{container}}"


def rate(metric, more="", by="", legend=""):
    """Per second; with the latest process behind each number, as an exemplar."""
    return query(
        f"sum by ({BY}{by}) (rate({metric}{{{CONTAINERS}{more}}}[$__rate_interval]))", LEGEND + legend, exemplar=True)


DASHBOARD = dashboard(
    "pidns-container", "Processes / Container",
    "What the processes of a container do. Points on lines are exemplars: the latest process that was counted, by its pid and name.",
    CONTAINER_VARIABLES,
    [
        table(
            "What it is", "Each PID namespace: its runtime, image and main process, as the host numbers it. More than one of a container: it was begun anew.",
            "short",
            [(None, now(f"max by ({BY}, pidns, runtime, image, init_comm, init_pid, container_id, level) (pidns_info{{{CONTAINERS}}})"))],
            height=5),

        row("What begins"),
        timeseries("Execs and forks", "Programs executed, and processes begun, per second.", "ops",
                   rate("pidns_process_execs_total", legend=" execs"), rate("pidns_process_forks_total", legend=" forks")),
        timeseries("Thread starts", "Threads begun in processes that were there, per second.", "ops", rate("pidns_thread_starts_total")),
        timeseries("Failed execs", "Per second, by errno; needs --collector.exec-failures. ENOENT is also every folder of PATH that a shell tries before the right one.",
                   "ops", rate("pidns_process_exec_failures_total", by=", errno", legend=" {{errno}}")),

        timeseries("Processes and threads", "That live, zombies left out.", "short",
                   query(f"sum by ({BY}) (pidns_processes{{{CONTAINERS}}})", LEGEND + " processes"),
                   query(f"sum by ({BY}) (pidns_threads{{{CONTAINERS}}})", LEGEND + " threads")),

        row("What ends, and how"),
        timeseries("Exits by reason", "Processes that ended per second: completed (status 0), error (another one), signaled, teardown (with their container).",
                   "ops", rate("pidns_process_exits_total", by=", reason", legend=" {{reason}}")),
        timeseries("Deaths by signal", "Per second. What a container's end takes with it is not among them.", "ops",
                   rate("pidns_process_signal_deaths_total", by=", signal", legend=" {{signal}}")),
        timeseries("OOM kills and core dumps", "In each step of the graph.", "short",
                   query(f"sum by ({BY}) (increase(pidns_oom_kills_total{{{CONTAINERS}}}[$__rate_interval]))", LEGEND + " OOM kills", exemplar=True),
                   query(f"sum by ({BY}) (increase(pidns_process_core_dumps_total{{{CONTAINERS}}}[$__rate_interval]))", LEGEND + " core dumps")),
        timeseries("Zombies", "Processes that have exited and that their parent has not reaped.", "short",
                   query(f"sum by ({BY}) (pidns_zombie_processes{{{CONTAINERS}}})", LEGEND)),
        timeseries("Exit codes", "Processes that ended by themselves, per second, by code; needs --collector.exit-codes. 127: a shell did not find the program. 137 would be a shell that says that its child was killed.",
                   "ops", rate("pidns_process_exit_codes_total", by=", exit_code", legend=" {{exit_code}}")),
        heatmap("Lifetimes", "How long the processes that ended had lived; needs --lifetimes.per-namespace.", "s",
                f"sum by (le) (increase(pidns_process_lifetime_seconds_bucket{{{CONTAINERS}}}[$__rate_interval]))"),

        row("Since when"),
        table("Begin and end", "When the main process of each PID namespace began, and, for five minutes after it, when it ended.", "dateTimeAsIso",
              [
                  ("Began", now(f"1000 * max by ({BY}, pidns) (pidns_start_time_seconds{{{CONTAINERS}}})")),
                  ("Ended", now(f"1000 * max by ({BY}, pidns) (pidns_end_time_seconds{{{CONTAINERS}}})")),
              ], height=6),
    ])
