// SPDX-License-Identifier: Apache-2.0

extension Page.Family {
  /// Checks the rules of OpenMetrics for families, beyond the syntax of lines.
  func check() throws(PageFault) {
    let type = openMetricsType
    if type == .info || type == .stateset, unit?.isEmpty == false { throw fault("a unit is forbidden") }
    for sample in samples { try check(sample, type) }
    for metric in try metrics(type) { try check(metric, type) }
  }

  private func fault(_ what: String) -> PageFault { PageFault("\(name): \(what)") }

  /// The samples of each label set, without the label that distinguishes the samples of one metric.
  private func metrics(_ type: OpenMetricsType) throws(PageFault) -> [[Page.Sample]] {
    let own: String? =
      switch type {
      case .histogram, .gaugehistogram: "le"
      case .summary: "quantile"
      case .stateset: name
      default: nil
      }
    var metrics: [[Page.Sample]] = []
    var seen: Set<[String: String]> = []
    var current: [String: String]?
    for sample in samples {
      var labels = sample.labels
      if let own { labels[own] = nil }
      if labels == current {
        metrics[metrics.count - 1].append(sample)
      } else {
        guard seen.insert(labels).inserted else { throw fault("interleaved: \(labels)") }
        current = labels
        metrics.append([sample])
      }
    }
    return metrics
  }

  private func check(_ sample: Page.Sample, _ type: OpenMetricsType) throws(PageFault) {
    let suffix = String(sample.name.dropFirst(name.count))
    if let exemplar = sample.exemplar {
      let isAllowed =
        suffix == "_total" && type == .counter
        || suffix == "_bucket" && (type == .histogram || type == .gaugehistogram)
      guard isAllowed else { throw fault("an exemplar is forbidden here: \(sample)") }
      let length = exemplar.labels.reduce(0) {
        $0 + $1.key.unicodeScalars.count + $1.value.unicodeScalars.count
      }
      guard length <= 128 else { throw fault("an exemplar of \(length) characters") }
    }
    let value = sample.value
    switch (type, suffix) {
    case (.info, _):
      guard value == 1 else { throw fault("not 1: \(sample)") }
    case (.stateset, _):
      guard sample.labels[name] != nil, value == 0 || value == 1 else {
        throw fault("not a state: \(sample)")
      }
    case (.summary, ""):
      guard let quantile = sample.labels["quantile"].flatMap(Double.init(realNumber:)),
        (0...1).contains(quantile), !(value < 0)
      else { throw fault("not a quantile: \(sample)") }
    case (.counter, "_total"), (.histogram, "_sum"), (.summary, "_sum"):
      guard value >= 0 else { throw fault("negative or not a number: \(sample)") }
    case (_, "_count"), (_, "_gcount"), (_, "_bucket"):
      guard value >= 0, value.rounded() == value else { throw fault("not a count: \(sample)") }
    case (_, "_gsum"):
      guard !value.isNaN else { throw fault("not a number: \(sample)") }
    default: break
    }
  }

  private func check(_ metric: [Page.Sample], _ type: OpenMetricsType) throws(PageFault) {
    try checkUnique(metric)
    switch type {
    case .counter:
      guard metric.contains(where: { $0.name == name + "_total" }) else { throw fault("no _total") }
    case .histogram: try checkBuckets(metric, sum: "_sum", count: "_count")
    case .gaugehistogram: try checkBuckets(metric, sum: "_gsum", count: "_gcount")
    default: break
    }
  }

  /// Each series has one sample, or several with increasing timestamps.
  private func checkUnique(_ metric: [Page.Sample]) throws(PageFault) {
    var last: [Page.Series: Page.Sample] = [:]
    for sample in metric {
      guard let before = last.updateValue(sample, forKey: .init(name: sample.name, labels: sample.labels))
      else {
        continue
      }
      guard let time = sample.timestamp, let timeBefore = before.timestamp, timeBefore < time else {
        throw fault("twice: \(sample)")
      }
    }
  }

  private func checkBuckets(_ metric: [Page.Sample], sum: String, count: String) throws(PageFault) {
    let buckets = metric.filter { $0.name == name + "_bucket" }
    var bound = -Double.infinity
    var total = 0.0
    var hasNegative = false
    for bucket in buckets {
      let label = bucket.labels["le"] ?? ""
      guard let le = label == "+Inf" ? .infinity : Double(realNumber: label), le > bound else {
        throw fault("bounds do not rise: \(bucket)")
      }
      guard bucket.value >= total else { throw fault("buckets fall: \(bucket)") }
      bound = le
      total = bucket.value
      hasNegative = hasNegative || le < 0
    }
    guard bound == .infinity else { throw fault("no bucket without a bound") }
    let sum = metric.first { $0.name == name + sum }
    let count = metric.first { $0.name == name + count }
    guard (sum == nil) == (count == nil) else {
      throw fault("a sum without a count, or a count without a sum")
    }
    guard count?.value ?? total == total else { throw fault("the count is not that of all buckets") }
    guard let sum, !hasNegative || openMetricsType == .gaugehistogram else {
      if sum != nil { throw fault("a sum that may fall") }
      return
    }
    guard hasNegative || sum.value >= 0 else { throw fault("a negative sum") }
  }
}
