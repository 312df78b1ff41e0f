// SPDX-License-Identifier: Apache-2.0
//
// Alerts on containers. A container is named by its namespace, pod and container, as far as these are known.
//
// Crashes and OOM kills are added up by container, because a container that is restarted has a new PID namespace each time. Namespaces
// without the name of a container are not added up: they may be anybody's. The other alerts are by PID namespace.
//
// The first value of a series needs no separate case: each scraper sees a new series first at 0, so that increase() is complete.
local alerts = import '../lib/alert.libsonnet';
local library = import '../lib/promql.libsonnet';

function(config)
  local alert = alerts.new(config);
  local promql = library.new(config);
  local thresholds = config.thresholds;
  local node = alerts.node;
  local container = '{{ with $labels.pod }}{{ $labels.namespace }}/{{ . }} {{ end }}{{ or $labels.container "a PID namespace" }}';
  local value = '{{ $value | printf "%.0f" }}';
  local where = '{{ with $labels.pidns }}PID namespace {{ . }} on{{ else }}On{{ end }} ' + node;

  // Returns the increase of a counter in ten minutes, by container; where there is no container, by PID namespace.
  local total(metric, matchers='', label='') =
    local present(list) = std.join(', ', std.filter(function(one) one != '', list));
    |||
      (
        sum without (%s) (increase(%s[10m]))
        or
        sum without (%s) (increase(%s[10m]))
      )
    ||| % [
      present(['pidns', label]),
      promql.own(metric, present(['container!=""', matchers])),
      label,
      promql.own(metric, present(['container=""', matchers])),
    ];
  local crashes = total('pidns_process_signal_deaths_total', 'signal=~"%s"' % config.crashSignals, 'signal');
  // The initial PID namespace has the same number on every host.
  local host = '4026531836';

  {
    name: 'pidns.containers',
    rules: [
      alert(
        'PidnsProcessesCrash',
        'warning',
        '%s>= %g' % [crashes, thresholds.crashes],
        'Processes crash in ' + container,
        value + ' processes died of a signal such as SIGSEGV or SIGABRT in ten minutes. ' + where +
        '. The main process may be healthy: a supervisor that restarts its children hides crashes from restart counts.',
        '1m'
      ),

      // Fewer crashes than PidnsProcessesCrash needs. It is pending for as long, so that of the two only one fires.
      alert(
        'PidnsFirstCrash',
        'info',
        '0 < %s< %g' % [crashes, thresholds.crashes],
        'A process crashed in ' + container,
        'Deaths by a signal such as SIGSEGV or SIGBUS in ten minutes: ' + value + '. ' + where +
        '. If the main process survived, nothing else reports it.',
        '1m'
      ),

      alert(
        'PidnsOOMKill',
        'warning',
        '%s> 0' % total('pidns_oom_kills_total'),
        'Out of memory in ' + container,
        'OOM kills in ten minutes: ' + value + '. ' + where +
        '. If the main process survived, the container continues without the killed ones, and Kubernetes reports no restart.',
      ),

      alert(
        'PidnsForkStorm',
        'warning',
        'rate(%s[5m]) > %g' % [promql.own('pidns_process_forks_total'), thresholds.forksPerSecond],
        'High fork rate in ' + container,
        value + ' processes started per second for ten minutes. ' + where +
        '. Each fork takes about half a millisecond of CPU time, and all containers of the node compete for the same kernel locks.',
        '5m'
      ),

      alert(
        'PidnsThreadsGrow',
        'warning',
        '%(threads)s > %(limit)g and deriv(%(threads)s[5m]) > %(growth)g' % {
          threads: promql.own('pidns_threads'),
          limit: thresholds.threads,
          growth: thresholds.threadsPerSecond,
        },
        'The number of threads grows in ' + container,
        value + ' threads, and the number has grown for ten minutes. ' + where +
        '. At the pids limit of the cgroup, the next thread fails to start.',
        '5m'
      ),

      alert(
        'PidnsZombies',
        'warning',
        '%s > %g' % [promql.own('pidns_zombie_processes'), thresholds.zombies],
        'Zombie processes accumulate in ' + container,
        value + ' zombies. ' + where + '. Each holds a pid. At the pids limit of the cgroup, no process can start.',
        '10m'
      ),

      // Quiet means: no exec for an hour. In a container that is younger, it means: none for ten minutes, because its start is in its first
      // hour. Exec probes are never quiet. The offsets are for times that are not known: a series that did not exist fifteen minutes ago
      // was not seen to be quiet. The alert lasts five minutes.
      alert(
        'PidnsFirstExec',
        'info',
        |||
          increase(%(execs)s[5m]) > 0
          unless increase(%(all)s[10m] offset 5m) > 0
          unless (increase(%(all)s[1h] offset 5m) > 0 and %(all)s offset 65m)
          and %(all)s offset 15m
        ||| % {
          execs: promql.own('pidns_process_execs_total', 'pidns!="%s"' % host),
          all: promql.own('pidns_process_execs_total'),
        },
        'A program was executed in %s, which was quiet' % container,
        'About ' + value + ' execs in five minutes, after at least ten minutes without any. ' + where +
        '. This is a shell, a tool that somebody ran, or an intruder.',
      ),
    ],
  }
