// SPDX-License-Identifier: Apache-2.0

extension ProtobufPage {
  /// Compares the page with one of the same state in a text format, value by value; returns no difference if they agree.
  ///
  /// Features of one format are skipped. Native histograms without classic buckets, which the text has only as
  /// classic ones, are compared bucket by bucket; exemplars and start timestamps only if the text format supports them.
  package func differences(from text: Page, isOpenMetrics: Bool) -> [String] {
    let own = page
    let native = nativeHistograms
    var differences = metadataDifferences(own, text, isOpenMetrics: isOpenMetrics)
    let shown = Set(text.families.map { isOpenMetrics ? $0.protobufName : $0.name })
    var rest = text.samples
    let hasCreated = rest.keys.contains { $0.name.hasSuffix("_created") }
    for family in own.families where shown.contains(family.name) {
      for sample in family.samples {
        let isCreated = sample.name.hasSuffix("_created")
        if isCreated, !hasCreated { continue }
        guard let other = rest.removeValue(forKey: .init(name: sample.name, labels: sample.labels)) else {
          differences.append("only in protobuf: \(sample)")
          continue
        }
        // A start timestamp has microseconds.
        let isEqual =
          isCreated
          ? abs(sample.value - other.value) < 2e-6
          : sample.value == other.value || sample.value.isNaN && other.value.isNaN
        if !isEqual || isOpenMetrics && sample.exemplar != other.exemplar {
          differences.append("\(sample) in protobuf, \(other) in text")
        }
      }
    }
    for (series, other) in rest {
      var labels = series.labels
      guard series.name.hasSuffix("_bucket"), let le = labels.removeValue(forKey: "le"),
        let histogram = native[.init(name: String(series.name.dropLast("_bucket".count)), labels: labels)]
      else {
        differences.append("only in text: \(other)")
        continue
      }
      let bound = Double(realNumber: le) ?? .infinity
      if Double(histogram.cumulative(upTo: bound)) != other.value {
        differences.append("\(histogram) in protobuf, \(other) in text")
      }
    }
    return differences
  }

  private func metadataDifferences(_ own: Page, _ text: Page, isOpenMetrics: Bool) -> [String] {
    var families = Dictionary(uniqueKeysWithValues: own.families.map { ($0.name, $0) })
    var differences: [String] = []
    for other in text.families {
      guard let family = families.removeValue(forKey: isOpenMetrics ? other.protobufName : other.name) else {
        differences.append("a family only in text: \(other.name)")
        continue
      }
      let type = other.type == "info" ? "gauge" : other.type
      if family.type != type || family.help != other.help || isOpenMetrics && family.unit != other.unit {
        differences.append("\(family.name): other metadata: \(family.type ?? ""), \(other.type ?? "")")
      }
    }
    let native = Set(nativeHistograms.keys.map(\.name))
    differences += families.filter { !native.contains($0.key) && !$0.value.samples.isEmpty }.map {
      "a family only in protobuf: \($0.key)"
    }
    return differences
  }
}

extension Page.Family {
  /// The protobuf name of an OpenMetrics family.
  fileprivate var protobufName: String {
    switch type {
    case "counter": name + "_total"
    case "info": name + "_info"
    default: name
    }
  }
}
