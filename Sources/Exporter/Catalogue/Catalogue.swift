// SPDX-License-Identifier: Apache-2.0

/// All metrics, in the order of a scrape. docs/metrics.md describes each of them.
enum Catalogue {
  static let metrics: [Metric] =
    namespaces + about + node + kernel + kubernetes + web + exporter + state + http
}
