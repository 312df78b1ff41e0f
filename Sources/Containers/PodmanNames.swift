// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Platform

/// What podman has in its storages, `<root>/<driver>-containers/containers.json`.
///
/// ```
/// [{"id": "be2a…", "names": ["web"], "metadata": "{\"image-name\":\"docker.io/library/nginx:1.27\", …}", …}, …]
/// ```
///
/// Seen with podman 4.3, with the drivers overlay and vfs. `podman rename` changes `names`, and not the name in
/// `metadata`. Newer ones have containers that end with their process
/// (`--rm`) in `volatile-containers.json` beside it. Podman replaces the files as a whole.
struct PodmanNames {
  /// Some 15,000 containers of 530 bytes each, as podman 4.3 writes them: 0.08 s and 30 MB to decode (measured).
  /// Where there are more, none has a name.
  static let limit = 8 << 20

  private static let drivers = ["overlay", "vfs", "btrfs", "zfs"]
  private static let files = ["containers.json", "volatile-containers.json"]

  private struct Entry: Decodable {
    let id: String
    let names: [String]?
    let metadata: String?
  }

  private struct Metadata: Decodable {
    let imageName: String?

    enum CodingKeys: String, CodingKey { case imageName = "image-name" }
  }

  /// A file as it was read last.
  private struct File {
    var version: RegularFile.Version
    var entries: [String: Entry]
  }

  private let paths: [String]
  private var files: [String: File] = [:]

  init(roots: [String]) {
    paths = roots.flatMap { root in
      Self.drivers.flatMap { driver in Self.files.map { "\(root)/\(driver)-containers/\($0)" } }
    }
  }

  /// Looks for a container, and reads again the files that have changed until it is found.
  mutating func name(ofContainer id: String) -> (name: String, image: String)? {
    for path in paths {
      refresh(path)
      guard let entry = files[path]?.entries[id], let name = entry.names?.first else { continue }
      let metadata = entry.metadata.flatMap {
        try? JSONDecoder().decode(Metadata.self, from: Data($0.utf8))
      }
      return (name, metadata?.imageName ?? "")
    }
    return nil
  }

  /// Reads a file if it is not the one that was read last, and forgets one that is gone.
  private mutating func refresh(_ path: String) {
    guard let file = RegularFile(opening: path) else {
      files[path] = nil
      return
    }
    let version = file.version
    guard files[path]?.version != version else { return }
    // The old entries first, so that there are never two sets of them.
    files[path] = nil
    let entries = file.read(upTo: Self.limit).flatMap {
      try? JSONDecoder().decode([Entry].self, from: Data($0))
    }
    // A file that makes no sense is kept as empty: it need not be read at each look-up.
    files[path] = File(
      version: version,
      entries: Dictionary((entries ?? []).map { ($0.id, $0) }, uniquingKeysWith: { $1 }))
  }
}
