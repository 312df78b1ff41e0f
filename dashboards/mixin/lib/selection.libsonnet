// SPDX-License-Identifier: Apache-2.0
//
// The label matchers that the variables of the dashboards select.
local grafana = import 'grafana.libsonnet';
local promql = import 'promql.libsonnet';

function(config) {
  local cluster = '%s=~"$cluster"' % config.clusterLabel,
  local matchers(list) = std.join(', ', std.filter(function(matcher) matcher != '', [config.exporterSelector] + list)),
  local of(metric, list) = promql.series(metric, [matchers(list)]),

  // Matchers.
  nodes:: matchers([cluster, 'job=~"$job"']),
  exporters:: matchers([cluster, 'job=~"$job"', 'instance=~"$instance"']),
  containers:: matchers([
    cluster,
    'job=~"$job"',
    'namespace=~"$namespace"',
    'pod=~"$pod"',
    'container=~"$container"',
    'unit=~"$unit"',
  ]),
  units:: matchers([cluster, 'job=~"$job"', 'instance=~"$instance"', 'unit!=""', 'unit=~"$unit"']),

  // Variables. The first label is that of the cluster, whatever the label is called.
  local common = [
    grafana.datasourceVariable,
    grafana.variable('cluster', 'Cluster', of('pidns_up', []), config.clusterLabel),
    grafana.variable('job', 'Job', of('pidns_up', [cluster])),
  ],
  exporterVariables:: common + [
    grafana.variable('instance', 'Instance', of('pidns_up', [cluster, 'job=~"$job"'])),
  ],
  containerVariables:: common + [
    grafana.variable('namespace', 'Namespace', of('pidns_process_execs_total', [cluster, 'job=~"$job"'])),
    grafana.variable('pod', 'Pod', of('pidns_process_execs_total', [cluster, 'job=~"$job"', 'namespace=~"$namespace"'])),
    grafana.variable(
      'container', 'Container', of('pidns_process_execs_total', [cluster, 'job=~"$job"', 'namespace=~"$namespace"', 'pod=~"$pod"'])
    ),
    grafana.variable(
      'unit',
      'Unit',
      of(
        'pidns_process_execs_total',
        [cluster, 'job=~"$job"', 'namespace=~"$namespace"', 'pod=~"$pod"', 'container=~"$container"', 'unit!=""']
      )
    ),
  ],
  unitVariables:: self.exporterVariables + [
    grafana.variable(
      'unit',
      'Unit',
      of('pidns_process_execs_total', [cluster, 'job=~"$job"', 'instance=~"$instance"', 'unit!=""'])
    ),
  ],
}
