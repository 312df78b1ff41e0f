// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Platform

/// What Docker has in `<root>/containers/<id>/config.v2.json`.
///
/// ```
/// {"ID": "d853…", "Config": {"Image": "nginx:1.27", …}, "Name": "/web", …}
/// ```
///
/// Seen with Docker 20.10. Docker replaces the file as a whole, so that no half of one is ever read.
struct DockerNames {
  /// Docker's own are 2 to 10 kB; labels and environment may make it more.
  static let limit = 1 << 20

  private struct File: Decodable {
    struct Config: Decodable { let Image: String? }
    let Name: String
    let Config: Config?
  }

  let root: String

  /// Looks for a container, each time in its file.
  ///
  /// - Precondition: the id is hexadecimal.
  func name(ofContainer id: String) -> (name: String, image: String)? {
    guard let bytes = RegularFile(opening: "\(root)/containers/\(id)/config.v2.json")?.read(upTo: Self.limit),
      let file = try? JSONDecoder().decode(File.self, from: Data(bytes))
    else { return nil }
    let name = file.Name.hasPrefix("/") ? file.Name.dropFirst() : file.Name[...]
    return (String(name), file.Config?.Image ?? "")
  }
}
