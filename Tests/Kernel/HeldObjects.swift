// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The ids of the BPF programs and maps that a process holds by descriptors.
struct HeldObjects {
  private(set) var programs: Set<Int> = []
  private(set) var maps: Set<Int> = []

  init(by pid: Int32) throws {
    let folder = "/proc/\(pid)/fdinfo"
    for descriptor in try FileManager.default.contentsOfDirectory(atPath: folder) {
      // The process opens and closes files meanwhile; its BPF descriptors stay open.
      guard let text = try? String(contentsOfFile: "\(folder)/\(descriptor)", encoding: .utf8) else {
        continue
      }
      for line in text.split(separator: "\n") {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let id = Int(words[1]) else { continue }
        if words[0] == "prog_id:" { programs.insert(id) }
        if words[0] == "map_id:" { maps.insert(id) }
      }
    }
  }
}
