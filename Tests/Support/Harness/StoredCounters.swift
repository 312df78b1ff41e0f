// SPDX-License-Identifier: Apache-2.0

extension PromQLServer {
  /// Waits until `scrapes` more scrapes of its only target have succeeded.
  package func waitForScrapes(_ scrapes: Int) throws {
    func succeeded() throws -> Double { try latest("sum_over_time(up[1d])").first?.value ?? 0 }
    let before = try succeeded()
    try eventually("Prometheus has scraped \(scrapes) times") {
      try succeeded() >= before + Double(scrapes)
    }
  }

  /// Returns the last minus the first stored value of all counters of the ground truth, under the labels that identify a
  /// namespace's series. Right only if none of them has gone down.
  package func rises() throws -> [Scrape.Names: Facts] {
    var facts: [Scrape.Names: Facts] = [:]
    let kinds = Facts.Kind.allCases.filter { !$0.isGauge }
    for name in Set(kinds.flatMap(\.samples)) {
      for (labels, value) in try latest("max_over_time(\(name)[1d]) - min_over_time(\(name)[1d])") {
        // Prometheus stores no empty labels.
        let names = ["namespace": "", "pod": "", "container": ""]
        let series = Series(name: name, labels: names.merging(labels) { $1 })
        guard let names = Scrape.Names(series) else { continue }
        facts[names, default: Facts()].add(value, of: series)
      }
    }
    return facts
  }
}
