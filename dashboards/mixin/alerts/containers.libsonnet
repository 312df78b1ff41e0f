// SPDX-License-Identifier: Apache-2.0
//
// Alerts on containers. They are by PID namespace, so a restarted container starts afresh. A container is named by its namespace, pod and
// container, as far as these are known.
local alerts = import '../lib/alert.libsonnet';
local library = import '../lib/promql.libsonnet';

function(config)
  local alert = alerts.new(config);
  local promql = library.new(config);
  local thresholds = config.thresholds;
  local node = alerts.node;
  local container = '{{ with $labels.pod }}{{ $labels.namespace }}/{{ . }} {{ end }}{{ or $labels.container "a PID namespace" }}';
  local value = '{{ $value | printf "%.0f" }}';
  local where = 'PID namespace {{ $labels.pidns }} on ' + node;
  // The initial PID namespace has the same number on every host.
  local host = '4026531836';

  {
    name: 'pidns.containers',
    rules: [
      alert(
        'PidnsProcessesCrash',
        'warning',
        |||
          sum without (signal) (
            increase(%s[10m])) >= %g
        ||| % [promql.own('pidns_process_signal_deaths_total', 'signal=~"%s"' % config.crashSignals), thresholds.crashes],
        'Processes crash in ' + container,
        value + ' processes died of a signal such as SIGSEGV or SIGABRT in ten minutes. ' + where +
        '. The main process may be healthy: a supervisor that restarts its children hides crashes from restart counts.',
        '1m'
      ),

      // The second operand is for a container that did not exist ten minutes ago: increase() does not see what happened before its
      // first scrape.
      alert(
        'PidnsOOMKill',
        'warning',
        |||
          increase(%(kills)s[10m]) > 0
          or (%(kills)s > 0 unless %(kills)s offset 10m)
        ||| % { kills: promql.own('pidns_oom_kills_total') },
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

      // Quiet means: no exec for at least ten minutes, and for up to an hour that is known. Exec probes are never quiet. A series that did
      // not exist fifteen minutes ago is left out, because nothing is known of the time before. The alert lasts five minutes.
      alert(
        'PidnsFirstExec',
        'info',
        |||
          increase(%s[5m]) > 0
          unless increase(%s[1h] offset 5m) > 0
          and %s offset 15m
        ||| % [
          promql.own('pidns_process_execs_total', 'pidns!="%s"' % host),
          promql.own('pidns_process_execs_total'),
          promql.own('pidns_process_execs_total'),
        ],
        'A program was executed in %s, which was quiet' % container,
        'About ' + value + ' execs in five minutes, after at least ten minutes without any. ' + where +
        '. This is a shell, a tool that somebody ran, or an intruder.',
      ),
    ],
  }
