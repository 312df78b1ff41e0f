// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces

/// All metrics, in the order of a scrape. docs/metrics.md describes each of them.
enum Catalogue {
  static let metrics: [Metric] =
    namespaces + about + node + kernel + kubernetes + web + exporter + state + http

  /// Writes a scrape's body.
  ///
  /// - Parameters:
  ///   - families: The names of the families to show, or of their samples; all families if it is empty.
  ///   - view: The lines that the scraper has seen; counts the samples that are held at 0.
  static func render(
    _ rendered: RenderedSnapshot, as format: ExpositionFormat, families: [String] = [],
    for view: inout FirstView
  ) -> [UInt8] {
    let shown = metrics.filter { metric in
      metric.isShown(rendered.features, format)
        && (families.isEmpty || families.contains(where: metric.family.isCalled))
    }
    // A line of a namespace has about 110 bytes; a larger buffer later would need a copy.
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
