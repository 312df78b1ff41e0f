// SPDX-License-Identifier: Apache-2.0

/// The names of Docker's and podman's containers on this machine, without Kubernetes.
///
/// They are read from files, not from the sockets of Docker and podman: write access to such a socket is root
/// access to the host. Read access to the files reveals nothing that the exporter does not see anyway. And no
/// daemon has to answer.
///
/// A container's name is in the file before its first process runs. A renamed container keeps its first name
/// while the caller keeps it. All text in the files is untrusted. A file that is missing, unreadable, not regular,
/// too big or malformed counts as empty. Nothing here waits.
package struct LocalNames: Sendable {
  /// Docker's default folder for its state (`--data-root`).
  package static let dockerRoot = "/var/lib/docker"
  /// Where root's podman keeps its storage (`graphroot`), and that of a storage that a reboot clears (`runroot`,
  /// with `transient_store`).
  package static let podmanRoots = ["/var/lib/containers/storage", "/run/containers/storage"]
  /// The maximum length of names and images; longer ones are dropped.
  static let longestName = 1024

  private let docker: DockerNames
  private var podman: PodmanNames

  /// Reads nothing yet.
  ///
  /// - Parameters:
  ///   - dockerRoot: Docker's folder.
  ///   - podmanRoots: Folders of podman's storages, in the order of the search.
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
  /// - Parameter runtime: Its runtime; if nil, Docker's and podman's files are both searched.
  /// - Returns: Its name, never empty, and its image as requested, empty if unknown.
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
