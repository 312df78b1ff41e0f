// SPDX-License-Identifier: Apache-2.0
//
// Output files for users without jsonnet: `make dashboards` writes them to dashboards/.
local mixin = import 'mixin.libsonnet';

// A block instead of a string with escaped quotes.
local readable(groups) = groups {
  groups: [
    group {
      rules: [
        rule { expr: if std.member(super.expr, '"') && !std.endsWith(super.expr, '\n') then super.expr + '\n' else super.expr }
        for rule in super.rules
      ],
    }
    for group in super.groups
  ],
};

local yaml(what, value) = |||
  # SPDX-License-Identifier: Apache-2.0
  #
  # %s Rendered from mixin/ by `make dashboards`.
||| % what + std.manifestYamlDoc(readable(value), indent_array_in_object=true, quote_keys=false);

local prefix = mixin._config.dashboardUidPrefix;

{
  'alerts.rules.yml': yaml('Alerts. Each has a runbook in docs/runbooks.md.', mixin.prometheusAlerts),
  'recording.rules.yml': yaml('Roll-ups to containers, workloads, namespaces and clusters.', mixin.prometheusRules),
} + {
  ['grafana/%s' % std.substr(name, std.length(prefix), std.length(name))]:
    std.manifestJsonEx(mixin.grafanaDashboards[name], '  ')
  for name in std.objectFields(mixin.grafanaDashboards)
}
