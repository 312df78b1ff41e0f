// SPDX-License-Identifier: Apache-2.0
{
  prometheusAlerts+:: {
    groups+: [
      (import 'containers.libsonnet')($._config),
      (import 'exporter.libsonnet')($._config),
    ],
  },
}
