// SPDX-License-Identifier: Apache-2.0

import JSON
import Platform

/// Reads container names from podman's storages, `<root>/<driver>-containers/containers.json`.
///
/// ```
/// [{"id": "be2a…", "names": ["web"], "metadata": "{\"image-name\":\"docker.io/library/nginx:1.27\", …}", …}, …]
/// ```
///
/// Format of podman 4.3 with the drivers overlay and vfs. `podman rename` changes `names` but not the name in
/// `metadata`. Newer versions list containers started with `--rm` in `volatile-containers.json` beside it.
/// Podman replaces the files atomically.
struct PodmanNames {
  /// The limit of a file, in bytes: about 15,000 containers of 530 bytes each in podman 4.3. Decoding so many needs
  /// 0.08 s and 30 MB. With more, no container has a name.
  static let limit = 8 << 20

  /// The files of a storage.
  static let files = ["containers.json", "volatile-containers.json"]
  private static let drivers = ["overlay", "vfs", "btrfs", "zfs"]

  /// The difference between two readings of files.
  struct Changes {
    /// Containers that are no longer in a file.
    var ended: [String: LocalName] = [:]
    /// Whether a container has another name.
    var hasRenamed = false
  }

  /// A container in a file.
  private struct Entry {
    let firstName: String
    /// JSON in the JSON.
    private let metadata: String

    /// Reads an element of the list; nil if it has no name.
    init?(_ element: JSONValue) {
      guard let name = element["names"]?.list?.first?.text else { return nil }
      firstName = name
      metadata = element["metadata"]?.text ?? ""
    }

    /// Its name, and the image in its metadata.
    var name: LocalName? {
      let metadata = JSONValue(parsing: Array(metadata.utf8))
      return LocalName(name: firstName, image: metadata?["image-name"]?.text ?? "")
    }
  }

  /// The last content of a file.
  private struct File {
    var version: RegularFile.Version
    var entries: [String: Entry]
  }

  /// The folders of the files.
  let folders: [String]
  private let paths: [String]
  private var files: [String: File] = [:]

  init(roots: [String]) {
    folders = roots.flatMap { root in Self.drivers.map { "\(root)/\($0)-containers" } }
    paths = folders.flatMap { folder in Self.files.map { "\(folder)/\($0)" } }
  }

  /// The number of containers in the last content of the files.
  var count: Int { files.values.reduce(0) { $0 + $1.entries.count } }

  /// Returns the name of a container in the last content of the files; nil if unknown.
  func name(ofContainer id: String) -> LocalName? {
    for path in paths {
      if let entry = files[path]?.entries[id] { return entry.name }
    }
    return nil
  }

  /// Reads changed files again, and forgets removed ones.
  ///
  /// - Parameter folder: Only files of this folder; nil for all.
  mutating func refresh(folder: String? = nil) -> Changes {
    var changes = Changes()
    for path in paths where folder.map({ path.hasPrefix("\($0)/") }) ?? true { refresh(path, &changes) }
    // A container that is in another file now has not ended.
    changes.ended = changes.ended.filter { name(ofContainer: $0.key) == nil }
    return changes
  }

  private mutating func refresh(_ path: String, _ changes: inout Changes) {
    guard let file = RegularFile(opening: path) else {
      if let old = files.removeValue(forKey: path) { Self.compare(old.entries, with: [:], &changes) }
      return
    }
    let version = file.version
    guard files[path]?.version != version else { return }
    var entries: [String: Entry] = [:]
    for element in file.read(upTo: Self.limit).flatMap({ JSONValue(parsing: $0) })?.list ?? [] {
      if let id = element["id"]?.text { entries[id] = Entry(element) }
    }
    if let old = files[path] { Self.compare(old.entries, with: entries, &changes) }
    // An invalid file is kept as empty, so that it is not read at each look-up.
    files[path] = File(version: version, entries: entries)
  }

  private static func compare(_ old: [String: Entry], with new: [String: Entry], _ changes: inout Changes) {
    for (id, entry) in old {
      if let now = new[id] {
        if now.firstName != entry.firstName { changes.hasRenamed = true }
      } else if let name = entry.name {
        changes.ended[id] = name
      }
    }
  }
}
