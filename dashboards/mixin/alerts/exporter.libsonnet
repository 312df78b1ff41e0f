// SPDX-License-Identifier: Apache-2.0
//
// Alerts on the exporter itself.
local alerts = import '../lib/alert.libsonnet';
local library = import '../lib/promql.libsonnet';

function(config)
  local alert = alerts.new(config);
  local promql = library.new(config);
  local thresholds = config.thresholds;
  local node = alerts.node;
  local value = '{{ $value | printf "%.0f" }}';
  // 1 for each target that is an exporter.
  local targets = 'instance:pidns_exporter_target:group';
  local cluster = '{{ with $labels.%s }} in cluster {{ . }}{{ end }}' % config.clusterLabel;

  {
    name: 'pidns.exporter',
    rules: [
      // A target is an exporter if it exposes a metric of the exporter. The job's name is not enough: a job
      // may have foreign targets, and users choose the name (annotation discovery calls it
      // kubernetes-service-endpoints). A target that is down exposes nothing. It keeps the result of the last
      // evaluation as long as Prometheus has the target. The hour covers a restart of Prometheus.
      {
        record: targets,
        expr: |||
          group by (%(target)s) (%(build)s or %(up)s)
          or
          group by (%(target)s) (up == 0) and on (%(target)s) last_over_time(%(record)s[1h])
        ||| % {
          target: promql.target,
          build: promql.own('pidns_exporter_build_info'),
          up: library.series('up', [config.targetSelector]),
          record: targets,
        },
      },

      alert(
        'PidnsExporterDown',
        'critical',
        'up == 0 and on (%s) %s' % [promql.target, targets],
        'pidns-exporter is down on ' + node,
        "Prometheus could not scrape pidns-exporter for five minutes. Read its last log line, and the error on Prometheus' page of targets. If it does not run and has no --bpf.pin, the events of this time are lost.",
        '5m'
      ),

      // By cluster if there is a cluster label. The second operand is for a Prometheus without one.
      alert(
        'PidnsExporterAbsent',
        'critical',
        |||
          group by (%(cluster)s) (%(expected)s) unless on (%(cluster)s) %(targets)s
          or
          absent(%(targets)s or %(expected)s)
        ||| % { cluster: config.clusterLabel, expected: config.expectedClusters, targets: targets },
        'No pidns-exporter' + cluster,
        'Prometheus has had no target that is a pidns-exporter for ten minutes%s. Check that the DaemonSet exists, and that the scrape configuration selects its pods.' % cluster,
        '10m'
      ),

      alert(
        'PidnsNotCounting',
        'critical',
        '%s == 0' % promql.own('pidns_up'),
        'pidns-exporter has no new counts on ' + node,
        'pidns-exporter serves the counts of its last successful poll. Read /-/healthy. If polls fail, raise the limit that the log names: no event is lost. If the BPF programs do not count, restart pidns-exporter: events are being lost.',
        '2m'
      ),

      // Relative to the time of the scrape, so that a stale sample does not look like a late poll.
      alert(
        'PidnsPollsLate',
        'warning',
        'timestamp(%(poll)s) - %(poll)s > %(age)g' % {
          poll: promql.own('pidns_last_poll_timestamp_seconds'),
          age: thresholds.pollAgeSeconds,
        },
        'pidns-exporter shows old counts on ' + node,
        'The last poll ended {{ $value | humanizeDuration }} before the scrape. Remove the CPU limit of pidns-exporter or raise its CPU request, and check --poll.interval.',
        '2m'
      ),

      alert(
        'PidnsEventsWithoutNamespace',
        'warning',
        'sum without (reason) (increase(%s[10m])) > 0' % promql.own('pidns_bpf_events_dropped_total'),
        'pidns-exporter could not attribute events to a PID namespace on ' + node,
        value + " events in ten minutes are in the node's totals, but in no container's series. The BPF map is full, or the kernel had no memory for an entry. Raise --bpf.map-entries, or for the reason no_memory the memory limit.",
      ),

      alert(
        'PidnsMapFillsUp',
        'warning',
        '%s / %s > %g' % [
          promql.own('pidns_bpf_map_entries', 'map!~"node|marks"'),
          promql.own('pidns_bpf_map_capacity'),
          thresholds.mapUsage,
        ],
        'The BPF map {{ $labels.map }} of pidns-exporter is nearly full on ' + node,
        "{{ $value | humanizePercentage }} of the map's capacity is used. Raise --bpf.map-entries; for the map cgroups --cgroups.max. When the map is full, further counts are in less detail, or in the node's totals only.",
        '5m'
      ),

      // Reason "excluded" is the user's choice. PidnsEventsWithoutNamespace covers the other reasons.
      alert(
        'PidnsNamespacesNotShown',
        'warning',
        'increase(%s[10m]) > 0' % promql.own('pidns_namespaces_dropped_total', 'reason="namespaces_max"'),
        'pidns-exporter does not show all PID namespaces on ' + node,
        value + " namespaces, units or containers in ten minutes have no series of their own, because there are more than --namespaces.max. They are in the series of their namespace, or in the node's totals. Raise --namespaces.max, or set --labels.level.",
      ),

      alert(
        'PidnsCgroupsNotShown',
        'warning',
        'increase(%s[10m]) > 0' % promql.own('pidns_cgroups_dropped_total'),
        'pidns-exporter does not show all units and containers of shared PID namespaces on ' + node,
        value + ' events and scanned tasks in ten minutes are in the series of their PID namespace only, because it has too many cgroups. Raise --cgroups.max, and --bpf.map-entries to at least four times as many.',
      ),

      alert(
        'PidnsProgramNotAttached',
        'info',
        '%s == 0' % promql.own('pidns_bpf_program_attached'),
        'The kernel does not support the BPF program {{ $labels.program }} on ' + node,
        "The collector of this program is disabled; everything else is counted. The exporter's log gives the reason. To end this alert, disable the collector: --no-collector.NAME.",
        '5m'
      ),

      // Since Linux 7.0, each event has three programs, and is lost only if all three were skipped. So the
      // number of lost events is at most the smallest of the three.
      alert(
        'PidnsProgramsSkipped',
        'warning',
        |||
          min without (program) (
            label_replace(
              increase(%s[10m]),
              "event", "$1", "program", "process_(exec|exit|fork).*")) > 0
        ||| % promql.own('pidns_bpf_program_misses_total', 'program=~"process_(exec|exit|fork).*"'),
        'The kernel skipped BPF programs on %s; {{ $labels.event }} events may be missing' % node,
        'At most ' + value + ' events in ten minutes were not counted. If this continues, report it with the output of uname -r.',
      ),

      // Reason "expired" is normal: the history of the API server is short. Both operands are of one target, so all their labels are equal.
      alert(
        'PidnsPodWatchFails',
        'warning',
        |||
          sum without (reason) (increase(%s[5m])) > 0
          and time() - %s > %g
        ||| % [
          promql.own('pidns_kubernetes_watch_errors_total', 'reason!="expired"'),
          promql.own('pidns_kubernetes_last_event_timestamp_seconds'),
          thresholds.watchSilenceSeconds,
        ],
        'pidns-exporter cannot watch the pods of ' + node,
        value + ' requests to the API server failed in five minutes. New containers have no names. All events are counted. Read the reason in pidns_kubernetes_watch_errors_total; check RBAC, the token and network policies.',
        '5m'
      ),

      alert(
        'PidnsNamesMissing',
        'info',
        '%s > 0' % promql.own('pidns_namespaces_unresolved'),
        'Containers without a name on ' + node,
        'PID namespaces of a container or pod whose name is unknown: ' + value + '. Check NODE_NAME and --kubernetes.node. If pods run on the node, add --kubernetes.',
        '10m'
      ),
    ],
  }
