// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces

/// Every metric there is, in the order in which a scrape shows them. docs/metrics.md is its other half.
enum Catalogue {
  static let metrics: [Metric] =
    namespaces + about + node + kernel + kubernetes + web + exporter + state + http

  /// Writes a scrape's body.
  ///
  /// - Parameters:
  ///   - families: The names of the families to show, or of samples of theirs; all where there are none.
  ///   - view: What the scraper has seen; counts what is held at 0.
  static func render(
    _ rendered: RenderedSnapshot, as format: ExpositionFormat, families: [String] = [],
    for view: inout FirstView
  ) -> [UInt8] {
    let shown = metrics.filter { metric in
      metric.isShown(rendered.features, format)
        && (families.isEmpty || families.contains(where: metric.family.isCalled))
    }
    // A line of a namespace takes about 110 bytes; growing would copy what is there.
    let linesPerNamespace = shown.reduce(0) { $0 + $1.linesPerNamespace }
    let capacity = 16 * 1024 + rendered.snapshot.series.count * linesPerNamespace * 112
    var encoder = Encoder(
      format: format, capacity: capacity, start: rendered.snapshot.start,
      writesCreated: rendered.features.writesCreated)
    for metric in shown {
      encoder.begin(metric.family)
      metric.write(&encoder, rendered, &view)
    }
    return encoder.finish()
  }
}
