// SPDX-License-Identifier: Apache-2.0

internal import Exposition
internal import Namespaces

/// Every metric there is, in the order in which a scrape shows them. docs/metrics.md is its other half.
enum Catalogue {
  static let metrics: [Metric] = namespaces + about + node + kernel + kubernetes + exporter

  /// Writes a scrape's body.
  static func render(_ state: State, as format: ExpositionFormat) -> [UInt8] {
    let shown = metrics.filter { $0.isShown(state.scope) }
    // A line of a namespace takes about 110 bytes; growing would copy what is there.
    let linesPerNamespace = shown.reduce(0) { $0 + $1.linesPerNamespace }
    let capacity = 16 * 1024 + state.snapshot.namespaces.count * linesPerNamespace * 112
    var encoder = Encoder(format: format, capacity: capacity)
    for metric in shown {
      encoder.begin(metric.family)
      metric.write(&encoder, state)
    }
    return encoder.finish()
  }
}
