# SPDX-License-Identifier: Apache-2.0
"""All containers of all nodes: which of them do most, and what goes wrong."""

from parts import CONTAINER_VARIABLES, dashboard, heatmap, now, query, row, stat, table, timeseries

NODES = 'cluster=~"$cluster", job=~"$job"'
CONTAINERS = NODES + ', namespace=~"$namespace", pod=~"$pod", container=~"$container"'
BY = "cluster, namespace, pod, container"
LEGEND = "{{namespace}}/{{pod}} {{container}}"
CRASHES = 'signal=~"SIG(ABRT|BUS|FPE|ILL|SEGV|SYS|TRAP)"'


def top(expression):
    return query(f"topk(10, sum by ({BY}) ({expression}))", LEGEND)


# Opens the container of a row in the other dashboard, at the same time.
ADDRESS = (
    "/d/pidns-container?${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&var-namespace=${__data.fields.namespace}"
    "&var-pod=${__data.fields.pod}&var-container=${__data.fields.container}&${__url_time_range}")

DASHBOARD = dashboard(
    "pidns-fleet", "Processes / Fleet", "What the processes of all containers do, counted in the kernel by pidns-exporter.",
    CONTAINER_VARIABLES,
    [
        stat("Execs", "Programs executed per second, on all nodes chosen above. From the nodes' own totals, in which nothing is missing.",
             "ops", f"sum(rate(pidns_node_process_execs_total{{{NODES}}}[$__rate_interval]))"),
        stat("Forks", "Processes begun per second, on all nodes chosen above.",
             "ops", f"sum(rate(pidns_node_process_forks_total{{{NODES}}}[$__rate_interval]))"),
        stat("Failures", "Processes per second that ended with a code other than 0 or by a signal; what a container's end takes with it is none.",
             "ops", f'sum(rate(pidns_node_process_exits_total{{{NODES}, reason=~"error|signaled"}}[$__rate_interval]))'),
        stat("OOM kills", "Processes killed for want of memory in the time that is shown, whether they were a main process or not.",
             "short", f"sum(increase(pidns_node_oom_kills_total{{{NODES}}}[$__range]))", bad=0.5),
        stat("PID namespaces", "That live: containers, their sandboxes, the hosts themselves, and what else makes them.",
             "short", f'sum(pidns_namespaces{{{NODES}, state="live"}})'),
        stat("Zombies", "Processes that have exited and that nobody has reaped.",
             "short", f"sum(pidns_zombie_processes{{{CONTAINERS}}})"),

        row("Containers"),
        table(
            "Containers", "Those chosen above, by execs. A click on a container opens its own dashboard.", "short",
            [
                ("Execs", now(f"sum by ({BY}) (rate(pidns_process_execs_total{{{CONTAINERS}}}[$__rate_interval]))")),
                ("Forks", now(f"sum by ({BY}) (rate(pidns_process_forks_total{{{CONTAINERS}}}[$__rate_interval]))")),
                ("Failures", now(
                    f'sum by ({BY}) (rate(pidns_process_exits_total{{{CONTAINERS}, reason=~"error|signaled"}}[$__rate_interval]))')),
                ("Crashes", now(f"sum by ({BY}) (increase(pidns_process_signal_deaths_total{{{CONTAINERS}, {CRASHES}}}[$__range]))")),
                ("OOM kills", now(f"sum by ({BY}) (increase(pidns_oom_kills_total{{{CONTAINERS}}}[$__range]))")),
                ("Processes", now(f"sum by ({BY}) (pidns_processes{{{CONTAINERS}}})")),
                ("Threads", now(f"sum by ({BY}) (pidns_threads{{{CONTAINERS}}})")),
                ("Zombies", now(f"sum by ({BY}) (pidns_zombie_processes{{{CONTAINERS}}})")),
            ],
            sorted_by="Execs", units={"Execs": "ops", "Forks": "ops", "Failures": "ops"},
            links=[("container", "This container", ADDRESS), ("pod", "This container", ADDRESS)]),

        timeseries("Execs by container", "The ten that execute most programs. A container that is up, and should be quiet, and is here: a shell in a loop, probes, a supervisor.",
                   "ops", top(f"rate(pidns_process_execs_total{{{CONTAINERS}}}[$__rate_interval])")),
        timeseries("Forks by container", "The ten that begin most processes; by default PidnsForkStorm fires above 100 a second.",
                   "ops", top(f"rate(pidns_process_forks_total{{{CONTAINERS}}}[$__rate_interval])")),
        timeseries("Crashes by container", "Deaths by the signals of a program that went wrong (SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP): also of what a supervisor starts again, which no restart count shows.",
                   "short", query(
                       f"topk(10, sum by ({BY}, signal) (increase(pidns_process_signal_deaths_total{{{CONTAINERS}, {CRASHES}}}[$__rate_interval])) > 0)",
                       LEGEND + " {{signal}}")),
        timeseries("OOM kills by container", "Processes that the kernel killed for want of memory, also beside the main process.",
                   "short", query(
                       f"topk(10, sum by ({BY}) (increase(pidns_oom_kills_total{{{CONTAINERS}}}[$__rate_interval])) > 0)", LEGEND)),
        timeseries("Zombies by container", "The ten with most processes that have exited and that nobody has reaped.",
                   "short", top(f"pidns_zombie_processes{{{CONTAINERS}}}")),
        timeseries("Thread growth by container", "The ten whose number of threads grows most, per second, over fifteen minutes. One that never stops leaks them.",
                   "ops", top(f"deriv(pidns_threads{{{CONTAINERS}}}[15m])")),

        row("Processes"),
        timeseries("Exits by reason", "Processes that ended per second: completed (status 0), error (another one), signaled, teardown (with their container).",
                   "ops", query(f"sum by (reason) (rate(pidns_process_exits_total{{{CONTAINERS}}}[$__rate_interval]))", "{{reason}}"),
                   stacked=True),
        heatmap("Lifetimes", "How long the processes that ended had lived, on all nodes chosen above. A band at the bottom is what is started by the thousand: probes, shells in a loop.",
                "s", f"sum by (le) (increase(pidns_node_process_lifetime_seconds_bucket{{{NODES}}}[$__rate_interval]))"),
        table("Alerts", "Those of pidns-exporter that fire now, if Prometheus has its rules.", "short",
              [(None, now('ALERTS{alertname=~"Pidns.*", alertstate="firing", ' + NODES + "}"))],
              hidden=("Time", "__name__", "alertstate"), height=6),
    ])
