// SPDX-License-Identifier: Apache-2.0
//
// Alerts on containers. A container is identified by namespace, pod and container, as far as these are known.
//
// A unit of systemd has series of its own, on the host or in a container, and so alerts of its own.
//
// Crashes and OOM kills are summed by container, because each restart of a container creates a new PID
// namespace. Namespaces without a container name are not summed, because they may be of different containers.
// The other alerts are by PID namespace.
//
// The first value of a series needs no special case: each scraper receives a new series first at 0, so
// increase() is complete.
local alerts = import '../lib/alert.libsonnet';
local library = import '../lib/promql.libsonnet';

function(config)
  local alert = alerts.new(config);
  local promql = library.new(config);
  local thresholds = config.thresholds;
  local node = alerts.node;
  local container = '{{ with $labels.pod }}{{ $labels.namespace }}/{{ . }} {{ end }}' +
                    '{{ with $labels.container }}{{ . }}{{ with $labels.unit }} {{ . }}{{ end }}{{ else }}{{ or $labels.unit "a PID namespace" }}{{ end }}';
  local value = '{{ $value | printf "%.0f" }}';
  local where = '{{ with $labels.pidns }}PID namespace {{ . }} on{{ else }}On{{ end }} ' + node;

  // Returns the increase of a counter in ten minutes, by container; without a container, by PID namespace.
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
  // Starts of services in ten minutes. Others than services do not restart. A service whose cgroup outlives its restarts has no starts, but
  // commands, often two for each restart. A reload is a command, too.
  local service = 'unit=~".+[.]service"';
  local inTenMinutes(metric) = 'sum without (pidns) (increase(%s[10m]))' % promql.own(metric, service);
  local starts(limit) =
    '(%(starts)s >= %(limit)g or %(commands)s >= %(twice)g unless %(starts)s > 0)' % {
      starts: inTenMinutes('pidns_unit_starts_total'),
      commands: inTenMinutes('pidns_unit_commands_total'),
      limit: limit,
      twice: 2 * limit,
    };
  local ofService(metric, matchers, label) =
    'sum without (pidns, %s) (increase(%s[10m]))' % [label, promql.own(metric, std.join(', ', [service, matchers]))];
  local crashesOfService = ofService('pidns_process_signal_deaths_total', 'signal=~"%s"' % config.crashSignals, 'signal');
  local failuresOfService = ofService('pidns_process_exits_total', 'reason=~"error|signaled"', 'reason');
  local crashLoop = '%s >= %g and %s' % [crashesOfService, thresholds.crashes, starts(std.ceil(thresholds.unitStarts / 2))];
  // The initial PID namespace has the same number on every host.
  local host = '4026531836';

  {
    name: 'pidns.containers',
    rules: [
      alert(
        'PidnsProcessesCrash',
        'warning',
        '%s>= %g\nunless on (%s, job, instance, namespace, pod, container, unit) (\n  %s\n)' % [
          crashes,
          thresholds.crashes,
          config.clusterLabel,
          crashLoop,
        ],
        'Processes crash in ' + container,
        value + ' processes died of a signal such as SIGSEGV or SIGABRT in ten minutes. ' + where +
        '. The main process may be healthy: a supervisor that restarts its children hides crashes from restart counts. Find the program with pidns-exporter events --failed, and roll back its last change.',
        '1m'
      ),

      // Fewer crashes than PidnsProcessesCrash needs. It has the same pending time, so only one of the two
      // fires.
      alert(
        'PidnsFirstCrash',
        'info',
        '0 < %s< %g' % [crashes, thresholds.crashes],
        'A process crashed in ' + container,
        'Deaths by a signal such as SIGSEGV or SIGBUS in ten minutes: ' + value + '. ' + where +
        '. If the main process survived, nothing else reports it. The exemplar of pidns_process_signal_deaths_total names the process. Act if crashes repeat.',
        '1m'
      ),

      alert(
        'PidnsUnitCrashLooping',
        'warning',
        crashLoop,
        'Crash loop of ' + container,
        value + ' processes of the service died of a signal such as SIGSEGV or SIGABRT in ten minutes, and systemd started it again. On ' + node +
        '. The service does not work between two starts. Read journalctl -u {{ $labels.unit }}, and repair the cause or roll back.',
        '1m'
      ),

      // A service that a timer starts ends without a failure. Crashes have their own alert.
      alert(
        'PidnsUnitRestartLooping',
        'warning',
        |||
          %(starts)s
          and %(failures)s >= %(limit)g
          unless %(crashLoop)s
        ||| % {
          starts: starts(thresholds.unitStarts),
          failures: failuresOfService,
          limit: thresholds.unitStarts,
          crashLoop: '(%s)' % crashLoop,
        },
        'Restart loop of ' + container,
        value + ' starts of the service in ten minutes (commands, if it keeps its cgroup), and its processes ended with a failure. On ' + node +
        '. The service does not work between two starts. Read journalctl -u {{ $labels.unit }}, and repair the cause or roll back.',
        '1m'
      ),

      alert(
        'PidnsOOMKill',
        'warning',
        '%s> 0' % total('pidns_oom_kills_total'),
        'Out of memory in ' + container,
        'OOM kills in ten minutes: ' + value + '. ' + where +
        '. If the main process survived, the container continues without the killed processes, and Kubernetes reports no restart. Raise the memory limit, or run fewer workers.',
      ),

      alert(
        'PidnsForkStorm',
        'warning',
        'rate(%s[5m]) > %g' % [promql.own('pidns_process_forks_total'), thresholds.forksPerSecond],
        'High fork rate in ' + container,
        value + ' processes started per second, on average over five minutes. ' + where +
        '. Each fork takes about half a millisecond of CPU time, and all containers of the node compete for the same kernel locks. Find the program with pidns-exporter events --fork.',
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
        value + ' threads, and more than %g new ones per second over five minutes. ' % thresholds.threadsPerSecond + where +
        '. At the pids limit of the cgroup, the next thread fails to start. Restart the container, and limit its thread pool.',
        '5m'
      ),

      alert(
        'PidnsZombies',
        'warning',
        '%s > %g' % [promql.own('pidns_zombie_processes'), thresholds.zombies],
        'Zombie processes accumulate in ' + container,
        value + ' zombies. ' + where + '. Each holds a pid. At the pids limit of the cgroup, no process can start. Run the container with an init that reaps, such as tini.',
        '10m'
      ),

      // Quiet means no exec for an hour. For a younger container, it means none for ten minutes, because its
      // start is within its first hour. Containers with exec probes are never quiet. The offsets exclude
      // unknown times: a series that did not exist fifteen minutes ago was not observed as quiet. The alert
      // lasts five minutes. A container is quiet if all of its units are. Units of the host are no containers.
      alert(
        'PidnsFirstExec',
        'info',
        |||
          sum without (unit) (increase(%(inside)s[5m]) or increase(%(hostPID)s[5m])) > 0
          unless sum without (unit) (increase(%(all)s[10m] offset 5m)) > 0
          unless (
            sum without (unit) (increase(%(all)s[1h] offset 5m)) > 0
            and sum without (unit) (%(all)s offset 65m)
          )
          and sum without (unit) (%(all)s offset 15m)
        ||| % {
          inside: promql.own('pidns_process_execs_total', 'pidns!="%s"' % host),
          hostPID: promql.own('pidns_process_execs_total', 'pidns="%s", container!=""' % host),
          all: promql.own('pidns_process_execs_total'),
        },
        'A program was executed in %s, which was quiet' % container,
        'About ' + value + ' execs in five minutes, after at least ten minutes without any. ' + where +
        '. Possible causes are a shell, a job, a tool or an intruder. If nobody expected this exec, isolate the pod.',
      ),
    ],
  }
