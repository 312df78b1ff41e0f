// SPDX-License-Identifier: Apache-2.0

@testable import Containers

/// The files of Docker and podman with the names of containers. The first byte selects one of them.
enum ContainerFilesTarget {
  /// The containers of the seeds.
  private static let docker = String(repeating: "d", count: 64)
  private static let podman = String(repeating: "b", count: 64)

  static func run(_ input: [UInt8]) {
    let content = Array(input.dropFirst())
    let isDocker = (input.first ?? 0) & 1 == 1
    _ =
      isDocker
      ? Files.write(content, to: "docker/containers/\(docker)/config.v2.json")
      : Files.write(content, to: "podman/overlay-containers/containers.json")
    let names = LocalNames(
      dockerRoot: "\(Files.folder)/docker", podmanRoots: ["\(Files.folder)/podman"])
    let found = names.name(ofContainer: isDocker ? docker : podman, runtime: nil)
    if let found {
      check((1...LocalNames.longestName).contains(found.name.utf8.count), "a name: \(found)")
      check(found.image.utf8.count <= LocalNames.longestName, "an image: \(found)")
    }
    let again = names.name(ofContainer: isDocker ? docker : podman, runtime: isDocker ? .docker : .podman)
    check(
      again?.name == found?.name && again?.image == found?.image, "\(String(describing: again)) at second")
  }
}
