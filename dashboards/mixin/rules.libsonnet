// SPDX-License-Identifier: Apache-2.0
//
// Roll-ups from the series of PID namespaces to containers, workloads, namespaces and clusters.
//
// Names are level:metric:operation. A container keeps all labels except pidns, including instance and node,
// because it is on one node. A unit of systemd counts as a container: on a host, or inside a container. Higher levels have the labels in their names. Clusters are sums of the nodes'
// totals, which are complete.
//
// Failures are exits with a code other than 0 or by a signal; teardown is not a failure. Crashes are deaths
// by config.crashSignals.
local library = import 'lib/promql.libsonnet';

local rules(config) =
  local promql = library.new(config);
  local cluster = config.clusterLabel;
  local crashes = promql.own('pidns_process_signal_deaths_total', 'signal=~"%s"' % config.crashSignals);
  local failures(metric) = promql.own(metric, 'reason=~"error|signaled"');

  // Roll-ups of all levels.
  local rolled = [
    'pidns_process_execs:rate5m',
    'pidns_process_forks:rate5m',
    'pidns_process_failures:rate5m',
    'pidns_process_crashes:rate5m',
    'pidns_oom_kills:rate5m',
    'pidns_processes:sum',
    'pidns_threads:sum',
    'pidns_zombie_processes:sum',
  ];

  local ofContainers = [
    ['pidns_process_execs:rate5m', 'pidns', 'rate(%s[5m])' % promql.own('pidns_process_execs_total')],
    ['pidns_process_forks:rate5m', 'pidns', 'rate(%s[5m])' % promql.own('pidns_process_forks_total')],
    ['pidns_process_exits:rate5m', 'pidns, reason', 'rate(%s[5m])' % promql.own('pidns_process_exits_total')],
    ['pidns_process_failures:rate5m', 'pidns, reason', 'rate(%s[5m])' % failures('pidns_process_exits_total')],
    ['pidns_process_crashes:rate5m', 'pidns, signal', 'rate(%s[5m])' % crashes],
    ['pidns_oom_kills:rate5m', 'pidns', 'rate(%s[5m])' % promql.own('pidns_oom_kills_total')],
    ['pidns_unit_starts:rate5m', 'pidns', 'rate(%s[5m])' % promql.own('pidns_unit_starts_total')],
  ] + [
    ['%s:sum' % gauge, 'pidns', promql.own(gauge)]
    for gauge in ['pidns_processes', 'pidns_threads', 'pidns_zombie_processes']
  ];

  // The sources of each level's sum: the nodes' totals, or containers where nodes have no such total.
  local ofClusters = [
    ['pidns_process_execs:rate5m', 'rate(%s[5m])' % promql.own('pidns_node_process_execs_total')],
    ['pidns_process_forks:rate5m', 'rate(%s[5m])' % promql.own('pidns_node_process_forks_total')],
    ['pidns_process_failures:rate5m', 'rate(%s[5m])' % failures('pidns_node_process_exits_total')],
    ['pidns_process_crashes:rate5m', 'container:pidns_process_crashes:rate5m'],
    ['pidns_oom_kills:rate5m', 'rate(%s[5m])' % promql.own('pidns_node_oom_kills_total')],
    ['pidns_processes:sum', 'container:pidns_processes:sum'],
    ['pidns_threads:sum', 'container:pidns_threads:sum'],
    ['pidns_zombie_processes:sum', 'container:pidns_zombie_processes:sum'],
  ];

  [
    {
      name: 'pidns.container',
      rules: [
        { record: 'container:' + rollUp[0], expr: 'sum without (%s) (%s)' % [rollUp[1], rollUp[2]] }
        for rollUp in ofContainers
      ],
    },

    // A workload is the pod's name without the suffix of its controller. The suffix is a hash and five
    // characters (Deployment), the minute and five characters (CronJob), five characters (DaemonSet, Job), or
    // a number (StatefulSet). The alphabet is that of Kubernetes' generated names. With kube-state-metrics,
    // docs/scale.md has a first rule with the exact owners.
    {
      name: 'pidns.workload',
      rules: [
        {
          record: 'pod:pidns_workload:group',
          expr: |||
            label_replace(
              group by (%s, job, namespace, pod) (%s), "workload", "$1", "pod",
              "(.+?)(-[0-9]+|(-[0-9]{8,}|-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5})?")
          ||| % [cluster, promql.own('pidns_process_execs_total', 'pod!=""')],
        },
      ] + [
        {
          record: 'workload:' + name,
          expr: |||
            sum by (%(cluster)s, job, namespace, workload) (
              container:%(name)s * on (%(cluster)s, job, namespace, pod) group_left (workload) pod:pidns_workload:group)
          ||| % { cluster: cluster, name: name },
        }
        for name in rolled
      ],
    },

    {
      name: 'pidns.namespace',
      rules: [
        {
          record: 'namespace:' + name,
          expr: 'sum by (%s, job, namespace) (container:%s{namespace!=""})' % [cluster, name],
        }
        for name in rolled
      ],
    },

    {
      name: 'pidns.cluster',
      rules: [
        { record: 'cluster:' + rollUp[0], expr: 'sum by (%s, job) (%s)' % [cluster, rollUp[1]] }
        for rollUp in ofClusters
      ] + [
        // The source of any quantile over all nodes: classic buckets where Prometheus stores classic
        // histograms, otherwise the native histogram.
        {
          record: 'cluster:pidns_node_process_lifetime_seconds_bucket:rate5m',
          expr: 'sum by (%s, job, le) (rate(%s[5m]))' % [cluster, promql.own('pidns_node_process_lifetime_seconds_bucket')],
        },
        {
          record: 'cluster:pidns_node_process_lifetime_seconds:rate5m',
          expr: 'sum by (%s, job) (rate(%s[5m]))' % [cluster, promql.own('pidns_node_process_lifetime_seconds')],
        },
      ],
    },
  ];

{
  prometheusRules+:: {
    groups+: rules($._config),
  },
}
