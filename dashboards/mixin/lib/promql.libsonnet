// SPDX-License-Identifier: Apache-2.0
//
// Parts of PromQL that depend on the configuration.
{
  // Returns a selector. Empty matchers are omitted.
  series(metric, matchers)::
    local given = std.filter(function(matcher) matcher != '', matchers);
    metric + if given == [] then '' else '{%s}' % std.join(', ', given),

  new(config):: {
    local promql = $,

    // Returns a selector of the exporter's series.
    own(metric, matchers=''):: promql.series(metric, [config.exporterSelector, matchers]),

    // Labels of a target. Two clusters may have the same job and instance.
    target:: '%s, job, instance' % config.clusterLabel,
    // Labels of a container, or of a unit of systemd, on the host or in a container. All units of a host have the same
    // namespace, pod and container: without the unit they would be added up.
    container:: '%s, namespace, pod, container, unit' % config.clusterLabel,
  },
}
