// SPDX-License-Identifier: Apache-2.0

/// What Docker and podman call the containers of this machine, where no Kubernetes does.
///
/// Read from the files in which they keep that, not asked for on their sockets: whoever may write to a socket of
/// Docker's or podman's is root on the host, while the right to read files gives nothing away that an
/// exporter of everybody's processes does not see. It needs no daemon to answer, either.
///
/// A container's name is in the file before its first process runs. What is renamed later keeps the name that was
/// read, as long as the caller does. Everything in the files is untrusted text; a file that is missing, may not be
/// read, is no regular file, is too big or makes no sense is as good as empty. Nothing here waits.
package struct LocalNames: Sendable {
  /// Where Docker keeps its state, unless it is told otherwise (`--data-root`).
  package static let dockerRoot = "/var/lib/docker"
  /// Where root's podman keeps its storage (`graphroot`), and that of a storage that a reboot clears (`runroot`,
  /// with `transient_store`).
  package static let podmanRoots = ["/var/lib/containers/storage", "/run/containers/storage"]
  /// Names and images of more bytes than that are left out.
  static let longestName = 1024

  private let docker: DockerNames
  private var podman: PodmanNames

  /// Reads nothing yet.
  ///
  /// - Parameters:
  ///   - dockerRoot: Docker's folder.
  ///   - podmanRoots: Folders of podman's storages, the first one that knows a container first.
  package init(
    dockerRoot: String = LocalNames.dockerRoot, podmanRoots: [String] = LocalNames.podmanRoots
  ) {
    docker = DockerNames(root: dockerRoot)
    podman = PodmanNames(roots: podmanRoots)
  }

  /// Looks for a container.
  ///
  /// Cost: of Docker, one file of some kilobytes; of podman, two system calls for each file of its storages, and
  /// a file is read again only if it has changed. None for an id that is not 64 hexadecimal digits in lower case, nor
  /// for another runtime.
  ///
  /// - Parameter runtime: Whose it is; where that is not known, Docker and podman are both looked at.
  /// - Returns: Its name, never empty, and its image as it was asked for, empty where that is not known.
  package mutating func name(ofContainer id: String, runtime: Runtime?) -> (name: String, image: String)? {
    // The id becomes part of a path.
    guard Substring(id).utf8.isHexadecimal(count: 64) else { return nil }
    let found: (name: String, image: String)?
    switch runtime {
    case .docker: found = docker.name(ofContainer: id)
    case .podman: found = podman.name(ofContainer: id)
    case nil: found = docker.name(ofContainer: id) ?? podman.name(ofContainer: id)
    default: return nil
    }
    guard let found, !found.name.isEmpty, found.name.utf8.count <= Self.longestName else { return nil }
    return (found.name, found.image.utf8.count <= Self.longestName ? found.image : "")
  }
}
