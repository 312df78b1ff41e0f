// SPDX-License-Identifier: Apache-2.0
//
// Completeness of the counts, and the cost of the exporters.
local grafana = import '../lib/grafana.libsonnet';
local library = import '../lib/promql.libsonnet';
local selection = import '../lib/selection.libsonnet';

function(config)
  local promql = library.new(config);
  local selected = selection(config);
  local stat = grafana.stat;
  local timeseries = grafana.timeseries;

  local own(metric, more='') = library.series(metric, [selected.exporters, more]);
  local target = promql.target;
  local query(expression, what='') = grafana.query(expression, '{{instance}}%s {{%s}}' % [what, config.clusterLabel]);

  // Every target has up, process_… and scrape_…. Limits them to exporters.
  local process(expression) = '%s and on (%s) %s' % [expression, target, own('pidns_up')];
  // A target that is down exposes nothing. It counts as an exporter if it was one within a day, or if its job
  // name matches.
  local targets = '%s or %s and on (%s) last_over_time(%s[1d])' % [
    own('up', config.targetSelector),
    own('up'),
    target,
    own('pidns_exporter_build_info'),
  ];

  grafana.dashboard(
    config,
    'exporter',
    'Exporter',
    'Completeness of the counts of pidns-exporter, and its cost.',
    selected.exporterVariables,
    [
      stat('Exporters up', 'Exporters that Prometheus could scrape.', 'short', 'sum(%s)' % targets),
      stat('Exporters down', 'Exporters that Prometheus could not scrape.', 'short', 'sum((%s) == bool 0)' % targets, bad=1),
      stat(
        'Not counting',
        'Exporters that respond, but whose last poll failed, whose polling stopped, or whose BPF programs do not count.',
        'short',
        'sum(%s == bool 0)' % own('pidns_up'),
        bad=1
      ),
      stat(
        'Events without a namespace',
        "Events in the time shown that are in the totals of the nodes, but in no container's series.",
        'short',
        'sum(increase(%s[$__range]))' % own('pidns_bpf_events_dropped_total'),
        bad=0.5
      ),
      stat(
        'Namespaces not shown',
        'PID namespaces in the time shown that exceeded --namespaces.max. Those that a flag excludes are not included.',
        'short',
        'sum(increase(%s[$__range]))' % own('pidns_namespaces_dropped_total', 'reason!="excluded"'),
        bad=0.5
      ),
      stat(
        'Names missing',
        'PID namespaces of containers whose name is unknown.',
        'short',
        'sum(%s)' % own('pidns_namespaces_unresolved'),
        bad=1
      ),

      grafana.row('Completeness'),
      timeseries(
        'BPF map usage',
        "Share of each map's capacity. When a map is full, further counts have less detail, or are only in the totals of the nodes.",
        'percentunit',
        [query('%s / %s' % [own('pidns_bpf_map_entries', 'map!~"node|marks"'), own('pidns_bpf_map_capacity')], ' {{map}}')]
      ),
      timeseries(
        'Programs skipped',
        'Runs per second that the kernel skipped. From Linux 7.0 on, each event has three programs. It is lost only if all three were skipped.',
        'ops',
        [query('rate(%s[$__rate_interval])' % own('pidns_bpf_program_misses_total'), ' {{program}}')]
      ),
      timeseries(
        'Events without a namespace',
        'Per second, by reason.',
        'ops',
        [query('sum by (%s, reason) (rate(%s[$__rate_interval]))' % [target, own('pidns_bpf_events_dropped_total')], ' {{reason}}')]
      ),
      grafana.table(
        'Programs that are not attached',
        'The kernel does not support them. The log of the exporter gives the reason. Everything else is counted.',
        'short',
        [[null, grafana.now('%s == 0' % own('pidns_bpf_program_attached'))]],
        hidden=['Time', '__name__'],
        width=12,
        height=8
      ),

      grafana.row('Freshness'),
      timeseries(
        'Age of the counts',
        'Time between the last poll and the scrape. Usually less than --poll.interval.',
        's',
        [query('timestamp(%(poll)s) - %(poll)s' % { poll: own('pidns_last_poll_timestamp_seconds') })]
      ),
      timeseries('Polls and task scans', 'Duration of the last poll, and of the last scan over all tasks.', 's', [
        query(own('pidns_poll_duration_seconds'), ' poll'),
        query(own('pidns_task_walk_duration_seconds'), ' task scan'),
      ]),

      grafana.row('Names'),
      timeseries('Pods', 'Pods of its node in the memory of each exporter. Needs --kubernetes.', 'short', [query(own('pidns_kubernetes_pods'))]),
      timeseries(
        'Failed API requests',
        'Failed requests to the API server per second, by reason. "expired" is normal.',
        'ops',
        [query('sum by (%s, reason) (rate(%s[$__rate_interval]))' % [target, own('pidns_kubernetes_watch_errors_total')], ' {{reason}}')]
      ),
      timeseries(
        'Time since the last API event',
        'Usually up to a minute, because the API server sends a bookmark each minute. Before the first change of any pod of the cluster, it may send nothing for ten minutes, the length of a watch.',
        's',
        [query('time() - (%s > 0)' % own('pidns_kubernetes_last_event_timestamp_seconds'))]
      ),
      timeseries('Names missing', 'PID namespaces of containers whose name is unknown.', 'short', [
        query(own('pidns_namespaces_unresolved')),
      ]),

      grafana.row('Cost'),
      timeseries(
        'CPU',
        "CPU time of the exporter's process, without the BPF programs: see Programs.",
        'percentunit',
        [query(process('rate(%s[$__rate_interval])' % own('process_cpu_seconds_total')))]
      ),
      timeseries(
        'Programs',
        'CPU time per second in BPF programs, over all processes of the node. Needs kernel.bpf_stats_enabled=1.',
        'percentunit',
        [query('sum by (%s) (rate(%s[$__rate_interval]))' % [target, own('pidns_bpf_program_run_seconds_total')])]
      ),
      timeseries(
        'Memory',
        "Resident memory, and memory of the BPF maps, which is charged to the exporter's container.",
        'bytes',
        [
          query(process(own('process_resident_memory_bytes')), ' process'),
          query('sum by (%s) (%s)' % [target, own('pidns_bpf_map_memory_bytes')], ' maps'),
        ]
      ),
      timeseries('Scrape duration', 'Duration of a scrape.', 's', [query(process(own('scrape_duration_seconds')))]),
      timeseries('Samples per scrape', 'Samples in each scrape. A PID namespace has 18 by default.', 'short', [
        query(process(own('scrape_samples_scraped'))),
      ]),
      timeseries('PID namespaces', 'Live PID namespaces, and ended ones that are still exposed.', 'short', [
        query(own('pidns_namespaces'), ' {{state}}'),
      ]),

      grafana.row('Versions'),
      grafana.table(
        'Versions',
        'Version and build of each exporter.',
        'short',
        [[null, grafana.now(own('pidns_exporter_build_info'))]],
        hidden=['Time', '__name__', 'endpoint'],
        height=6
      ),
    ]
  )
