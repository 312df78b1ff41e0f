// SPDX-License-Identifier: Apache-2.0
//
// All containers and units of all nodes: the busiest ones and the failures.
local grafana = import '../lib/grafana.libsonnet';
local library = import '../lib/promql.libsonnet';
local ranking = import '../lib/ranking.libsonnet';
local selection = import '../lib/selection.libsonnet';

function(config)
  local promql = library.new(config);
  local selected = selection(config);
  local query = grafana.query;
  local now = grafana.now;
  local stat = grafana.stat;
  local timeseries = grafana.timeseries;

  local nodes(metric, more='') = library.series(metric, [selected.nodes, more]);
  local containers(metric, more='') = library.series(metric, [selected.containers, more]);
  local container = promql.container;
  local containerLegend = '{{namespace}}/{{pod}} {{container}} {{unit}}';
  local crashes = 'signal=~"%s"' % config.crashSignals;
  local failures = 'reason=~"error|signaled"';

  local ranked = ranking(config, container, containerLegend);
  local top = ranked.top;
  local topRate = ranked.rate;
  local topIncrease = ranked.increase;

  // Opens the row's container in the other dashboard, at the same time.
  local address =
    '/d/%scontainer?${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&var-namespace=${__data.fields.namespace}' % config.dashboardUidPrefix +
    '&var-pod=${__data.fields.pod}&var-container=${__data.fields.container}&${__url_time_range}';
  // A unit has no pod: a field that is missing has no value to pass on.
  local addressOfUnit =
    '/d/%scontainer?${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}' % config.dashboardUidPrefix +
    '&var-unit=${__data.fields.unit}&${__url_time_range}';

  grafana.dashboard(
    config,
    'fleet',
    'Fleet',
    'Process events of all containers and units of systemd, counted in the kernel by pidns-exporter.',
    selected.containerVariables,
    [
      stat(
        'Execs',
        'Programs executed per second on the selected nodes. From the totals of the nodes, which are complete.',
        'ops',
        'sum(rate(%s[$__rate_interval]))' % nodes('pidns_node_process_execs_total')
      ),
      stat(
        'Forks',
        'Processes started per second on the selected nodes.',
        'ops',
        'sum(rate(%s[$__rate_interval]))' % nodes('pidns_node_process_forks_total')
      ),
      stat(
        'Failures',
        'Processes per second that exited with a code other than 0 or by a signal. Processes killed because their container ended are not included.',
        'ops',
        'sum(rate(%s[$__rate_interval]))' % nodes('pidns_node_process_exits_total', failures)
      ),
      stat(
        'OOM kills',
        'Processes that the kernel killed for lack of memory in the time shown, main processes and others.',
        'short',
        'sum(increase(%s[$__range]))' % nodes('pidns_node_oom_kills_total'),
        bad=0.5
      ),
      stat(
        'PID namespaces',
        'Live PID namespaces: containers, their sandboxes, the hosts, and others such as browser sandboxes.',
        'short',
        'sum(%s)' % nodes('pidns_namespaces', 'state="live"')
      ),
      stat(
        'Zombies',
        'Exited processes that their parent has not reaped.',
        'short',
        'sum(%s)' % containers('pidns_zombie_processes')
      ),

      grafana.row('Containers'),
      grafana.table(
        'Containers',
        'The selected containers and units of systemd, by execs. A click on one opens its dashboard.',
        'short',
        [
          ['Execs', now('sum by (%s) (rate(%s[$__rate_interval]))' % [container, containers('pidns_process_execs_total')])],
          ['Forks', now('sum by (%s) (rate(%s[$__rate_interval]))' % [container, containers('pidns_process_forks_total')])],
          ['Failures', now('sum by (%s) (rate(%s[$__rate_interval]))' % [container, containers('pidns_process_exits_total', failures)])],
          ['Crashes', now('sum by (%s) (increase(%s[$__range]))' % [container, containers('pidns_process_signal_deaths_total', crashes)])],
          ['OOM kills', now('sum by (%s) (increase(%s[$__range]))' % [container, containers('pidns_oom_kills_total')])],
          ['Processes', now('sum by (%s) (%s)' % [container, containers('pidns_processes')])],
          ['Threads', now('sum by (%s) (%s)' % [container, containers('pidns_threads')])],
          ['Zombies', now('sum by (%s) (%s)' % [container, containers('pidns_zombie_processes')])],
        ],
        sortedBy='Execs',
        units={ Execs: 'ops', Forks: 'ops', Failures: 'ops' },
        links=[['container', 'This container', address], ['pod', 'This container', address], ['unit', 'This unit', addressOfUnit]],
      ),

      timeseries(
        'Execs by container',
        'The %d containers with the most execs in the time shown. A container that should be idle and appears here runs a shell in a loop, probes, or a supervisor that restarts its children.' % config.dashboardTop,
        'ops',
        [topRate(containers('pidns_process_execs_total'))]
      ),
      timeseries(
        'Forks by container',
        'The %d containers with the most forks in the time shown. PidnsForkStorm fires above %g per second.' % [config.dashboardTop, config.thresholds.forksPerSecond],
        'ops',
        [topRate(containers('pidns_process_forks_total'))]
      ),
      timeseries(
        'Crashes by container',
        'Deaths by signals such as SIGSEGV and SIGABRT. Includes children that a supervisor restarts, which no restart count shows.',
        'short',
        [topIncrease(containers('pidns_process_signal_deaths_total', crashes), container + ', signal', containerLegend + ' {{signal}}')]
      ),
      timeseries(
        'OOM kills by container',
        'Processes that the kernel killed for lack of memory, main processes and others.',
        'short',
        [topIncrease(containers('pidns_oom_kills_total'))]
      ),
      timeseries(
        'Zombies by container',
        'The %d containers with the most zombies in the time shown: exited processes that their parent has not reaped.' % config.dashboardTop,
        'short',
        [top(containers('pidns_zombie_processes'), 'max_over_time(%s[$__range] @ end())' % containers('pidns_zombie_processes'))]
      ),
      timeseries(
        'Thread growth by container',
        'New threads per second minus those that ended, over fifteen minutes. The %d containers that grew most in the time shown. Constant growth is a leak.' % config.dashboardTop,
        'ops',
        [top('deriv(%s[15m])' % containers('pidns_threads'), 'deriv(%s[$__range] @ end())' % containers('pidns_threads'))]
      ),

      grafana.row('Processes'),
      timeseries(
        'Exits by reason',
        'Process exits per second: completed (status 0), error (another status), signaled, teardown (killed because the container ended).',
        'ops',
        [query('sum by (reason) (rate(%s[$__rate_interval]))' % containers('pidns_process_exits_total'), '{{reason}}')],
        stacked=true
      ),
      grafana.heatmap(
        'Lifetimes',
        'Lifetimes of the processes that ended, on the selected nodes. A band at the bottom means many short-lived processes: probes, shells in a loop.',
        's',
        grafana.buckets(function(metric) nodes(metric), 'pidns_node_process_lifetime_seconds')
      ),
      grafana.table(
        'Alerts',
        'Firing alerts of pidns-exporter. Needs the alert rules in Prometheus.',
        'short',
        [[null, now('ALERTS{alertname=~"Pidns.*", alertstate="firing", %s}' % selected.nodes)]],
        hidden=['Time', '__name__', 'alertstate'],
        height=6,
      ),
    ]
  )
