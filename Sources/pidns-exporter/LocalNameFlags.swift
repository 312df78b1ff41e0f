// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Containers
import Logging
import Platform
import Text

/// Flags for container names outside of Kubernetes.
struct LocalNameFlags: ParsableArguments {
  @Flag(
    name: .customLong("local-names"), inversion: .prefixedNo,
    help:
      "Read the names of containers from the files of Docker and podman; otherwise those outside of pods are (unnamed)."
  )
  var readsLocalNames = true

  @Option(
    name: .customLong("docker.root"),
    help: ArgumentHelp(
      "Docker's data directory (default: \(LocalNames.dockerRoot)).", valueName: "path"))
  var dockerRoot: String?

  @Option(
    name: .customLong("podman.root"),
    help: ArgumentHelp(
      "Podman's storage folder; may be given several times (default: \(LocalNames.podmanRoots.joined(separator: ", "))).",
      valueName: "path"))
  var podmanRoots: [String] = []

  /// The given directories that cannot be read, with their flags. The defaults may be missing, because few
  /// hosts have both.
  var missing: [(flag: String, path: String)] {
    let given = [("--docker.root", dockerRoot)] + podmanRoots.map { ("--podman.root", $0) }
    return given.compactMap { flag, path in
      guard let path, FolderListing.entries(path) == nil else { return nil }
      return (flag, path)
    }
  }

  /// Logs a warning for each flag without effect.
  func warn(_ logger: Logger) {
    for (flag, path) in missing {
      logger.warning(
        "folder cannot be read; containers of Docker or podman have no names; check the flag and the permissions of the exporter's user",
        metadata: ["flag": "\(flag)", "path": "\(path.printable)"])
    }
    if !readsLocalNames && (dockerRoot != nil || !podmanRoots.isEmpty) {
      logger.warning(
        "--docker.root and --podman.root have no effect with --no-local-names; remove one of them")
    }
  }

  /// The sources of container names; nil for none.
  var names: LocalNames? {
    guard readsLocalNames else { return nil }
    return LocalNames(
      dockerRoot: dockerRoot ?? LocalNames.dockerRoot,
      podmanRoots: podmanRoots.isEmpty ? LocalNames.podmanRoots : podmanRoots)
  }
}
