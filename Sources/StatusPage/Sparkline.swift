// SPDX-License-Identifier: Apache-2.0

import LiveView

extension HTML {
  /// Execs over the last minutes as a line, and failures as an area below it, both on the scale of the largest value.
  ///
  /// SVG inside the page. Its sizes are attributes, because the page's policy forbids inline styles; its colours are in
  /// the page's style sheet.
  ///
  /// - Parameters:
  ///   - sparkline: The latest step is at the right edge.
  ///   - lengths: The durations of the steps in seconds, the latest one last.
  static func sparkline(_ sparkline: [StatusHistory.Step], lengths: [Double]) -> HTML {
    guard sparkline.count > 1 else { return #"<span class="zero">–</span>"# }
    let span = lengths.suffix(sparkline.count).reduce(0, +).asSpan
    let peak = sparkline.reduce(0) { max($0, $1.execs) }
    let failures = sparkline.reduce(0) { max($0, $1.failures) }
    let label =
      peak == 0 && failures == 0
      ? "No exec and no failure in \(span)"
      : "In \(span) at most \(Double(peak).asRate) exec/s and \(Double(failures).asRate) fail/s"
    let top = max(peak, failures)
    let left = width - (sparkline.count - 1) * stepWidth
    let area: HTML =
      failures == 0
      ? ""
      : #"<polygon points="\#(left),\#(height) \#(points(sparkline.map(\.failures), top)) \#(width),\#(height)"/>"#
    return """
      <svg viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" role="img" aria-label="\(label)">\
      <title>\(label)</title>\(html: area)<polyline points="\(points(sparkline.map(\.execs), top))"/></svg>
      """
  }

  private static let stepWidth = 2
  private static let width = (StatusHistory.steps - 1) * stepWidth
  private static let height = 20

  /// One point for each step, without those in the middle of a level line: most containers are quiet.
  private static func points(_ rates: [Float], _ top: Float) -> String {
    // In tenths, with half the line's width to spare above and below.
    let heights = rates.map { rate in
      10 * height - 10 - (top > 0 ? Int((rate / top * Float(10 * height - 20)).rounded()) : 0)
    }
    let first = width - (rates.count - 1) * stepWidth
    var points = ""
    for (index, tenths) in heights.enumerated() {
      let isInner = index > 0 && index < heights.count - 1
      if isInner && heights[index - 1] == tenths && heights[index + 1] == tenths { continue }
      points += "\(points.isEmpty ? "" : " ")\(first + index * stepWidth),\(tenths / 10).\(tenths % 10)"
    }
    return points
  }
}

extension Double {
  /// A number of seconds, as a rounded duration.
  fileprivate var asSpan: String {
    self < 90 ? "the last \(Int(rounded())) s" : "the last \(Int((self / 60).rounded())) min"
  }
}
