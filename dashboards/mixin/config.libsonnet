// SPDX-License-Identifier: Apache-2.0
//
// Settings of an installation. Every key applies to all rules, alerts and dashboards.
{
  _config+:: {
    local config = self,

    // The label with the cluster's name. A Prometheus for one cluster needs none: without the label, the
    // result is the same.
    clusterLabel: 'cluster',

    // Matchers on every series of the exporter, for example 'env="production"'. Empty: all series whose names begin with pidns_.
    exporterSelector: '',

    // Matchers on `up` for the targets of the exporter. With them, PidnsExporterDown covers a target that was
    // never scraped successfully. A target that was scraped once is recognised by its own metrics, whatever
    // its job name.
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
      // PidnsUnitRestartLooping: starts of a service in ten minutes. PidnsUnitCrashLooping: half of that, rounded up. Twice as many commands
      // of a service that keeps its cgroup.
      unitStarts: 5,
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
      // PidnsPodWatchFails: seconds without an event. An API server sends a bookmark every minute once any
      // pod of the cluster has changed; some send none before. Silence alone is normal, so the alert also
      // requires failed requests.
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
