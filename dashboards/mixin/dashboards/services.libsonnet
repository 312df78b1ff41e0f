// SPDX-License-Identifier: Apache-2.0
//
// Machines without containers: the services and sessions of systemd.
local grafana = import '../lib/grafana.libsonnet';
local library = import '../lib/promql.libsonnet';
local ranking = import '../lib/ranking.libsonnet';
local selection = import '../lib/selection.libsonnet';

function(config)
  local promql = library.new(config);
  local selected = selection(config);
  local now = grafana.now;
  local stat = grafana.stat;
  local timeseries = grafana.timeseries;

  local nodes(metric, more='') = library.series(metric, [selected.exporters, more]);
  local units(metric, more='') = library.series(metric, [selected.units, more]);
  // Most machines have units of the same names.
  local unit = promql.container + ', instance';
  local unitLegend = '{{container}} {{unit}} {{instance}}';
  local ranked = ranking(config, unit, unitLegend);
  local crashes = 'signal=~"%s"' % config.crashSignals;
  local failures = 'reason=~"error|signaled"';
  local rate(metric, more='') = now('sum by (%s) (rate(%s[$__rate_interval]))' % [unit, units(metric, more)]);
  local increase(metric, more='') = now('sum by (%s) (increase(%s[$__range]))' % [unit, units(metric, more)]);
  local sum(metric) = now('sum by (%s) (%s)' % [unit, units(metric)]);

  // Opens the row's unit in the other dashboard, at the same time.
  local address =
    '/d/%scontainer?${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&var-unit=${__data.fields.unit}' % config.dashboardUidPrefix +
    '&${__url_time_range}';

  grafana.dashboard(
    config,
    'services',
    'Services',
    'Process events of the units of systemd: services, and the slices of sessions. Counted in the kernel by pidns-exporter.',
    selected.unitVariables,
    [
      stat(
        'Execs',
        'Programs executed per second on the selected machines, in units and elsewhere.',
        'ops',
        'sum(rate(%s[$__rate_interval]))' % nodes('pidns_node_process_execs_total')
      ),
      stat(
        'Forks',
        'Processes started per second on the selected machines, in units and elsewhere.',
        'ops',
        'sum(rate(%s[$__rate_interval]))' % nodes('pidns_node_process_forks_total')
      ),
      stat(
        'Starts',
        'Starts of the selected units in the time shown, restarts included.',
        'short',
        'sum(increase(%s[$__range]))' % units('pidns_unit_starts_total')
      ),
      stat(
        'Crashes',
        'Deaths of processes of the selected units by signals such as SIGSEGV and SIGABRT, in the time shown.',
        'short',
        'sum(increase(%s[$__range]))' % units('pidns_process_signal_deaths_total', crashes),
        bad=0.5
      ),
      stat(
        'OOM kills',
        'Processes of the selected units that the kernel killed for lack of memory in the time shown.',
        'short',
        'sum(increase(%s[$__range]))' % units('pidns_oom_kills_total'),
        bad=0.5
      ),
      stat('Units', 'Units with a process.', 'short', 'sum(%s > bool 0)' % units('pidns_processes')),

      grafana.row('Units'),
      grafana.table(
        'Units',
        'The selected units. Starts, commands that systemd started, crashes and OOM kills are those in the time shown, the others are rates. A click on a unit opens the dashboard with its exemplars.',
        'short',
        [
          ['Starts', increase('pidns_unit_starts_total')],
          ['Commands', increase('pidns_unit_commands_total')],
          ['Crashes', increase('pidns_process_signal_deaths_total', crashes)],
          ['OOM kills', increase('pidns_oom_kills_total')],
          ['Execs', rate('pidns_process_execs_total')],
          ['Forks', rate('pidns_process_forks_total')],
          ['Failures', rate('pidns_process_exits_total', failures)],
          ['Processes', sum('pidns_processes')],
          ['Threads', sum('pidns_threads')],
          ['Zombies', sum('pidns_zombie_processes')],
        ],
        sortedBy='Starts',
        units={ Execs: 'ops', Forks: 'ops', Failures: 'ops' },
        links=[['unit', 'This unit', address]],
      ),

      grafana.row('Failures'),
      timeseries(
        'Starts by unit',
        'The %d units with the most starts in the time shown, restarts included. PidnsUnitRestartLooping fires from %d in ten minutes, if processes fail. A service that keeps its cgroup has no starts, but commands.' % [config.dashboardTop, config.thresholds.unitStarts],
        'short',
        [ranked.increase(units('pidns_unit_starts_total'))]
      ),
      timeseries(
        'Crashes by unit',
        'Deaths by signals such as SIGSEGV and SIGABRT. Includes workers that a main process restarts, which systemd does not show.',
        'short',
        [ranked.increase(units('pidns_process_signal_deaths_total', crashes), unit + ', signal', unitLegend + ' {{signal}}')]
      ),
      timeseries(
        'Other signal deaths',
        'Deaths by every other signal. SIGTERM is usually a stop by systemd, SIGKILL a stop that took too long, or an OOM kill.',
        'short',
        [
          ranked.increase(
            units('pidns_process_signal_deaths_total', 'signal!~"%s"' % config.crashSignals), unit + ', signal', unitLegend + ' {{signal}}'
          ),
        ]
      ),
      timeseries(
        'Exits by reason',
        'The %d units and reasons with the most exits in the time shown: completed (status 0), error (another status), signaled, teardown (killed because a container ended).' % config.dashboardTop,
        'ops',
        [ranked.rate(units('pidns_process_exits_total'), unit + ', reason', unitLegend + ' {{reason}}')]
      ),

      grafana.row('Activity'),
      timeseries(
        'Execs by unit',
        'The %d units with the most execs in the time shown. The slice of a user has all sessions of that user.' % config.dashboardTop,
        'ops',
        [ranked.rate(units('pidns_process_execs_total'))]
      ),
      timeseries(
        'Forks by unit',
        'The %d units with the most forks in the time shown. PidnsForkStorm fires above %g per second.' % [config.dashboardTop, config.thresholds.forksPerSecond],
        'ops',
        [ranked.rate(units('pidns_process_forks_total'))]
      ),
      timeseries(
        'Processes by unit',
        'The %d units with the most live processes in the time shown.' % config.dashboardTop,
        'short',
        [ranked.top(units('pidns_processes'), 'max_over_time(%s[$__range] @ end())' % units('pidns_processes'))]
      ),
      timeseries(
        'Zombies by unit',
        'The %d units with the most zombies in the time shown: exited processes that their parent has not reaped.' % config.dashboardTop,
        'short',
        [ranked.top(units('pidns_zombie_processes'), 'max_over_time(%s[$__range] @ end())' % units('pidns_zombie_processes'))]
      ),
      grafana.table(
        'Alerts',
        'Firing alerts on units. Needs the alert rules in Prometheus.',
        'short',
        [[null, now('ALERTS{alertname=~"Pidns.*", alertstate="firing", %s}' % selected.units)]],
        hidden=['Time', '__name__', 'alertstate'],
        height=6,
      ),
    ]
  )
