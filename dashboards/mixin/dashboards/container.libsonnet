// SPDX-License-Identifier: Apache-2.0
//
// One container or unit, or a few: the activity of its processes, and their exits.
local grafana = import '../lib/grafana.libsonnet';
local library = import '../lib/promql.libsonnet';
local selection = import '../lib/selection.libsonnet';

function(config)
  local promql = library.new(config);
  local selected = selection(config);
  local now = grafana.now;
  local timeseries = grafana.timeseries;

  local containers(metric) = library.series(metric, [selected.containers]);
  local by = promql.container;
  local query(expression, what) = grafana.query(expression, '{{pod}} {{container}} {{unit}}%s {{%s}}' % [what, config.clusterLabel]);
  // With exemplars, which name the latest process behind each number.
  local rate(metric, more='', what='') =
    query('sum by (%s%s) (rate(%s[$__rate_interval]))' % [by, more, containers(metric)], what) { exemplar: true };
  local sum(metric, what='') = query('sum by (%s) (%s)' % [by, containers(metric)], what);
  local increase(metric, what='') = query('sum by (%s) (increase(%s[$__rate_interval]))' % [by, containers(metric)], what);

  grafana.dashboard(
    config,
    'container',
    'Container',
    'Process events of a container or a unit of systemd. Points on lines are exemplars: the pid and name of the latest process that was counted.',
    selected.containerVariables,
    [
      grafana.table(
        'PID namespaces',
        'Runtime, image and main process of each PID namespace, with the pid on the host. A restarted container has more than one. Parts of a namespace, such as units of a host, are not listed.',
        'short',
        [[null, now('max by (%s, pidns, runtime, image, init_comm, init_pid, container_id, level) (%s)' % [by, containers('pidns_info')])]],
        height=5
      ),

      grafana.row('Starts'),
      timeseries('Execs and forks', 'Programs executed and processes started per second.', 'ops', [
        rate('pidns_process_execs_total', what=' execs'),
        rate('pidns_process_forks_total', what=' forks'),
      ]),
      timeseries('Thread starts', 'New threads of existing processes, per second.', 'ops', [rate('pidns_thread_starts_total')]),
      timeseries(
        'Failed execs',
        'Failed execs per second, by errno. Needs --collector.exec-failures. A shell that searches PATH causes ENOENT for each folder before the right one.',
        'ops',
        [rate('pidns_process_exec_failures_total', ', errno', ' {{errno}}')]
      ),
      timeseries('Processes and threads', 'Live processes and threads, without zombies.', 'short', [
        sum('pidns_processes', ' processes'),
        sum('pidns_threads', ' threads'),
      ]),

      grafana.row('Exits'),
      timeseries(
        'Exits by reason',
        'Process exits per second: completed (status 0), error (another status), signaled, teardown (killed because the container ended).',
        'ops',
        [rate('pidns_process_exits_total', ', reason', ' {{reason}}')]
      ),
      timeseries('Signal deaths', 'Per second, by signal. Processes killed because the container ended are not included.', 'ops', [
        rate('pidns_process_signal_deaths_total', ', signal', ' {{signal}}'),
      ]),
      timeseries('OOM kills and core dumps', 'Number in each step of the graph.', 'short', [
        increase('pidns_oom_kills_total', ' OOM kills') { exemplar: true },
        increase('pidns_process_core_dumps_total', ' core dumps'),
      ]),
      timeseries('Zombies', 'Exited processes that their parent has not reaped.', 'short', [sum('pidns_zombie_processes')]),
      timeseries(
        'Exit codes',
        'Processes that exited by themselves, per second, by code. Needs --collector.exit-codes. 127: a shell did not find the program. 137: a shell reports that its child was killed.',
        'ops',
        [rate('pidns_process_exit_codes_total', ', exit_code', ' {{exit_code}}')]
      ),
      grafana.heatmap(
        'Lifetimes',
        'Lifetimes of the processes that ended. Needs --lifetimes.per-namespace, or a Prometheus that stores native histograms.',
        's',
        grafana.buckets(function(metric) containers(metric), 'pidns_process_lifetime_seconds')
      ),

      grafana.row('Times'),
      grafana.table(
        'Start and end',
        'When the main process of each PID namespace started, and when it ended. The end is shown for five minutes.',
        'dateTimeAsIso',
        [
          ['Start', now('1000 * max by (%s, pidns) (%s)' % [by, containers('pidns_start_time_seconds')])],
          ['End', now('1000 * max by (%s, pidns) (%s)' % [by, containers('pidns_end_time_seconds')])],
        ],
        height=6
      ),
    ]
  )
