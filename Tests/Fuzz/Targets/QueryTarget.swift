// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Foundation
import PageReaders

@testable import Exporter
@testable import StatusPage

/// The arguments of requests, and the names that containers choose, on the status page and in the metrics.
///
/// Lines of an input: `sort`, `order`, `filter`, `rows`, `name[]`; all further lines are names of containers.
enum QueryTarget {
  /// The markup of a page with all that a page can have.
  private static let marks: Set<String> = {
    let names = ["web", "db", ""].map { Container.Names(pod: $0, container: $0) }
    let pages = [
      ["sort": "fail", "order": "up", "filter": "x"], ["rows": "1", "order": "up"], [:],
    ].map { arguments in page(StatusQuery { arguments[$0] }, Host.rendered(names)) }
    return pages.reduce(into: []) { $0.formUnion(outline(of: $1).marks) }
  }()

  static func run(_ input: [UInt8]) {
    let lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    let keys = ["sort", "order", "filter", "rows", "name[]"]
    let arguments = Dictionary(uniqueKeysWithValues: zip(keys, lines))
    let names = lines.dropFirst(keys.count).prefix(8).enumerated().map { index, name in
      switch index % 3 {
      case 0: Container.Names(container: name)
      case 1: Container.Names(namespace: name, pod: name, container: "web")
      default: Container.Names(unit: name)
      }
    }
    let rendered = Host.rendered(names)

    let query = StatusQuery { arguments[$0] }
    // The links of the page lead to the same query.
    let reference = URLComponents(string: query.reference)?.queryItems ?? []
    let again = StatusQuery { name in reference.first { $0.name == name }?.value }
    check(again == query, "\(query) becomes \(again) by \(query.reference)")
    let unknown = outline(of: page(query, rendered)).marks.subtracting(marks)
    check(unknown.isEmpty, "markup by a name: \(unknown)")

    let family = arguments["name[]"] ?? ""
    var view = FirstView.ofEverything
    let bytes = rendered.page(as: .openMetrics, families: family.isEmpty ? [] : [family], for: &view).bytes
    do {
      let page = try Page(openMetrics: bytes)
      check(family.isEmpty || page.families.count <= 1, "\(page.families.map(\.name)) for \(family)")
    } catch {
      fatalError("\(error)")
    }
  }

  private static func page(_ query: StatusQuery, _ rendered: PublishedSnapshot) -> String {
    StatusPage.html(
      rendered.snapshot, rendered.history, query, version: "1", telemetryPath: "/metrics")
  }

  private static func outline(of page: String) -> HTMLOutline {
    do {
      return try HTMLOutline(page)
    } catch {
      fatalError("\(error.reason)\n\(page)")
    }
  }
}
