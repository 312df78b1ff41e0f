// SPDX-License-Identifier: Apache-2.0

import Foundation
import PageReaders

/// Reads the pages in a folder by file extension: `.prom`, `.openmetrics` and `.protobuf`. Fails for an invalid page,
/// and if a format has no page.
@main
struct ReadPages {
  static func main() throws {
    let folder = URL(filePath: CommandLine.arguments.dropFirst().first ?? ".")
    var counts: [String: Int] = ["prom": 0, "openmetrics": 0, "protobuf": 0]
    var faults = 0
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      do {
        let page = Array(try Data(contentsOf: file))
        switch file.pathExtension {
        case "prom": _ = try Page(text: page)
        case "openmetrics": _ = try Page(openMetrics: page)
        case "protobuf": _ = try ProtobufPage(page)
        default: throw PageFault("unknown format")
        }
        counts[file.pathExtension, default: 0] += 1
      } catch {
        print("\(file.lastPathComponent): \(error)")
        faults += 1
      }
    }
    for (format, count) in counts.sorted(by: { $0.key < $1.key }) {
      print("\(format): \(count) pages read")
      if count == 0 { faults += 1 }
    }
    if faults > 0 { exit(1) }
  }
}
