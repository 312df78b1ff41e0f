// SPDX-License-Identifier: Apache-2.0

internal import Activity

extension HTML {
  /// Execs over the last minutes as a line, and failures below it as an area, both to the scale of the larger one.
  ///
  /// SVG inside of the page; its sizes are attributes, as the page's policy forbids styles.
  static func sparkline(_ course: Recent.Course) -> HTML {
    let most = max(course.execs.max() ?? 0, course.failures.max() ?? 0)
    let minutes = Int((Double(course.execs.count) * Recorder.step / 60).rounded(.up))
    guard course.execs.count > 1 else { return #"<span class="nothing">–</span>"# }
    let label = "At most \(Double(most).asRate) execs or failures a second in the last \(minutes) min"
    let height = 20.0
    func points(_ rates: [Float]) -> String {
      // The latest step is at the right edge, whatever there is of earlier ones.
      let first = Recent.steps - rates.count
      return rates.enumerated().map { index, rate in
        let share = most > 0 ? Double(rate / most) : 0
        let tenths = Int(((height - 1) * (1 - share) * 10).rounded()) + 5
        return "\((first + index) * 2),\(tenths / 10).\(tenths % 10)"
      }.joined(separator: " ")
    }
    let right = (Recent.steps - 1) * 2
    let left = (Recent.steps - course.failures.count) * 2
    let failures: HTML =
      course.failures.contains { $0 > 0 }
      ? #"<polygon points="\#(left),20 \#(points(course.failures)) \#(right),20"/>"# : ""
    return """
      <svg viewBox="0 0 \(right) 20" width="\(right)" height="20" role="img" aria-label="\(label)"><title>\(label)</title>\
      \(html: failures)<polyline points="\(points(course.execs))"/></svg>
      """
  }
}
