// SPDX-License-Identifier: Apache-2.0
{
  grafanaDashboards+:: {
    [dashboard.uid + '.json']: dashboard
    for dashboard in [
      (import 'fleet.libsonnet')($._config),
      (import 'container.libsonnet')($._config),
      (import 'services.libsonnet')($._config),
      (import 'exporter.libsonnet')($._config),
    ]
  },
}
