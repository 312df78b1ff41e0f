// SPDX-License-Identifier: Apache-2.0
//
// What an installation may set. Every key applies to all rules, alerts and dashboards.
{
  _config+:: {
    local config = self,

    // The label that names the cluster. One Prometheus for one cluster may do without: then no series has it, and nothing changes.
    clusterLabel: 'cluster',

    // Matchers on every series of the exporter, for example 'env="production"'. Empty: all series whose names begin with pidns_.
    exporterSelector: '',

    // Matchers on `up` for the targets of the exporter. PidnsExporterDown then covers a target that has never answered. A target that
    // has answered once is known by its own metrics, whatever its job is called.
    targetSelector: 'job=~".*pidns.*"',

    // Series of all clusters that must have an exporter. PidnsExporterAbsent fires for each of these clusters without one. If some of
    // your clusters have no exporter on purpose, narrow this: 'kube_node_info{cluster=~"prod-.*"}'.
    expectedClusters: 'up{%(clusterLabel)s!=""}' % config,

    // %s becomes the name of the alert in lower case.
    runbookURLPattern: 'https://github.com/pidns-exporter/pidns-exporter/blob/main/docs/runbooks.md#%s',

    // Signals that count as a crash.
    crashSignals: 'SIG(ABRT|BUS|FPE|ILL|SEGV|SYS|TRAP)',

    thresholds: {
      // PidnsProcessesCrash: crashes in ten minutes, this many or more. PidnsFirstCrash: fewer.
      crashes: 3,
      // PidnsForkStorm: forks per second. A build on several CPUs exceeds this only for a few minutes.
      forksPerSecond: 100,
      // PidnsThreadsGrow: threads, and new threads per second. A pool that fills once stops growing.
      threads: 300,
      threadsPerSecond: 0.2,
      // PidnsZombies. A busy parent reaps late, so a few are normal.
      zombies: 50,
      // PidnsPollsLate: age of the last poll in seconds.
      pollAgeSeconds: 60,
      // PidnsMapFillsUp: share of a map's capacity.
      mapUsage: 0.8,
      // PidnsPodWatchFails: seconds without an event. An API server sends a bookmark a minute once any pod of the cluster has changed; some
      // send none before. So silence alone is normal: the alert needs failed requests, too.
      watchSilenceSeconds: 180,
    },

    dashboardNamePrefix: 'Processes / ',
    dashboardUidPrefix: 'pidns-',
    dashboardTags: ['pidns-exporter'],
    dashboardRefresh: '30s',
    dashboardFrom: 'now-1h',
    dashboardTimezone: 'browser',
    // Containers in a panel of the busiest ones.
    dashboardTop: 10,
  },
}
