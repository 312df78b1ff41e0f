// SPDX-License-Identifier: Apache-2.0
//
// The monitoring mixin of pidns-exporter: grafanaDashboards, prometheusAlerts and prometheusRules, by _config.
(import 'config.libsonnet') +
(import 'alerts/alerts.libsonnet') +
(import 'rules.libsonnet') +
(import 'dashboards/dashboards.libsonnet')
