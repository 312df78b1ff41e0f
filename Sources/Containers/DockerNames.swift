// SPDX-License-Identifier: Apache-2.0

import JSON
import Platform

/// Reads container names from Docker's `<root>/containers/<id>/config.v2.json`.
///
/// ```
/// {"ID": "d853…", "Config": {"Image": "nginx:1.27", …}, "Name": "/web", …}
/// ```
///
/// Format of Docker 20.10. Docker replaces the file atomically, so a partial file is never read.
struct DockerNames {
  /// The limit of a file, in bytes. Docker's own content has 2 to 10 kB; labels and environment variables add
  /// to it.
  static let limit = 1 << 20
  /// The file in a container's folder.
  static let file = "config.v2.json"

  /// The folder of the containers' folders.
  let folder: String

  init(root: String) { folder = "\(root)/containers" }

  /// Returns the name and image of a container; nil if unknown. Reads its file on each call.
  ///
  /// - Precondition: The ID is hexadecimal.
  func name(ofContainer id: String) -> LocalName? {
    guard let bytes = RegularFile(opening: "\(folder)/\(id)/\(Self.file)")?.read(upTo: Self.limit),
      let file = JSONValue(parsing: bytes), let path = file["Name"]?.text
    else { return nil }
    let name = path.hasPrefix("/") ? path.dropFirst() : path[...]
    return LocalName(name: String(name), image: file["Config"]?["Image"]?.text ?? "")
  }
}
