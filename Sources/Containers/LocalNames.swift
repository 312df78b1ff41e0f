// SPDX-License-Identifier: Apache-2.0

import Platform
import Synchronization

/// The names of Docker's and podman's containers on this machine, without Kubernetes.
///
/// Reads files instead of the sockets of Docker and podman. Access to such a socket is root access to the
/// host, and the daemon would have to respond. The files reveal nothing that the exporter does not see
/// anyway.
///
/// The file has a container's name before its first process runs. Docker and podman remove the name of a container with
/// `--rm` when it ends. While a ``LocalNameWatch`` follows the files, names of removed containers are kept for some
/// minutes, and `version` increases when a container is renamed. Without it, each call reads files. All text in the
/// files is untrusted. A file that is missing, unreadable, not regular, too big or malformed counts as empty. After a
/// ``LocalNameWatch`` was made, no call waits long for a file system that does not answer.
package final class LocalNames: Sendable {
  /// Docker's default state directory (`--data-root`).
  package static let dockerRoot = "/var/lib/docker"
  /// The default storage directories of root's podman: `graphroot`, and `runroot` for storage that a reboot
  /// clears (`transient_store`).
  package static let podmanRoots = ["/var/lib/containers/storage", "/run/containers/storage"]
  /// The limit of names and images, in bytes. Longer ones are dropped.
  static let longestName = 1024

  /// Locked while files are read.
  private let contents: Mutex<Contents>
  private let renames = Renames()
  /// Reads files that a ``LocalNameWatch`` has not read yet; nil before there was one.
  private let reads = Mutex<TimeLimitedWork?>(nil)
  /// Docker's folder of containers.
  let dockerFolder: String
  /// The folders with podman's files.
  let podmanFolders: [String]
  /// The folders that must be readable.
  package let roots: [String]

  /// Creates a resolver without reading files.
  ///
  /// - Parameters:
  ///   - dockerRoot: Docker's state directory.
  ///   - podmanRoots: The storage directories of podman, in search order.
  package init(
    dockerRoot: String = LocalNames.dockerRoot, podmanRoots: [String] = LocalNames.podmanRoots
  ) {
    let (docker, podman) = (DockerNames(root: dockerRoot), PodmanNames(roots: podmanRoots))
    (dockerFolder, podmanFolders) = (docker.folder, podman.folders)
    roots = [docker.folder] + podmanRoots
    contents = Mutex(Contents(docker: docker, podman: podman, renames))
  }

  /// Increases when a container is renamed, and when a folder appears that was missing at first.
  package var version: UInt64 { renames.count.load(ordering: .relaxed) }

  /// Returns the name and the image of a container; nil if unknown.
  ///
  /// Cost: none while the files are followed. Otherwise for Docker, one file of some kilobytes; for podman, two system calls for each
  /// file of its storages, and a file is read again only if it has changed. No cost for other runtimes, and for an ID that is
  /// not 64 lower-case hexadecimal digits. While another thread decodes podman's files, a call waits for it: 0.08 s for 15,000 containers.
  /// After a ``LocalNameWatch`` was made, a call waits for five seconds at most. It returns nil then, and `version` increases later.
  ///
  /// - Parameters:
  ///   - id: The container's ID.
  ///   - runtime: Its runtime. nil searches the files of both Docker and podman.
  /// - Returns: The name, never empty, and the image as the user requested it, empty if unknown.
  package func name(ofContainer id: String, runtime: Runtime?) -> (name: String, image: String)? {
    // The ID becomes part of a path.
    guard id.utf8[...].isHexadecimal(count: 64), Self.hasNames(of: runtime) else { return nil }
    return find(id, runtime).map { ($0.name, $0.image) }
  }

  private func find(_ id: String, _ runtime: Runtime?) -> LocalName? {
    guard let reads = reads.withLock({ $0 }) else {
      return contents.withLock { $0.name(ofContainer: id, runtime: runtime) }
    }
    if let known = contents.withLockIfAvailable({ $0.followed[id] }) ?? nil { return known }
    let found = reads.run {
      self.contents.withLock { $0.name(ofContainer: id, runtime: runtime) }
    } late: { _ in
      self.renames.add()
    }
    return found ?? nil
  }

  /// Whether Docker or podman may know the containers of a runtime.
  static func hasNames(of runtime: Runtime?) -> Bool {
    runtime == nil || runtime == .docker || runtime == .podman
  }

  // MARK: The watch

  /// The limit of Docker's containers whose files are followed.
  static let followedContainers = 4096

  /// Sets whether a watch follows the files. When it ends, its names are forgotten.
  func setFollowed(_ isFollowed: Bool) { contents.withLock { $0.setFollowed(isFollowed) } }

  /// Has calls wait for files no longer than the limit of `work`.
  func limitReads(by work: TimeLimitedWork) { reads.withLock { $0 = work } }

  /// Reads podman's files of a folder again.
  func refreshPodman(folder: String) { contents.withLock { $0.refreshPodman(folder: folder, at: .now) } }

  /// Reads the name of a container of Docker again.
  func refreshDocker(id: String) { contents.withLock { $0.refreshDocker(id: id) } }

  /// Records that a container of Docker was removed.
  func endDocker(id: String) { contents.withLock { $0.endDocker(id: id, at: .now) } }

  /// Records that a folder has appeared that was missing at first.
  func recordNewFolder() { renames.add() }

  /// Forgets containers that were removed too long ago.
  func expire(at now: ContinuousClock.Instant) { contents.withLock { $0.ended.expire(at: now) } }

  /// The number of containers whose names were read from the files that are followed.
  var followedCount: Int { contents.withLock { $0.followed.count + $0.podman.count } }

  /// The number of removed containers whose names are known.
  var endedCount: Int { contents.withLock { $0.ended.count } }
}

/// Counts what may improve a name, without a lock.
private final class Renames: Sendable {
  let count = Atomic<UInt64>(0)

  func add() { count.add(1, ordering: .relaxed) }
}

private struct Contents {
  let docker: DockerNames
  var podman: PodmanNames
  let renames: Renames
  var ended = EndedNames()
  /// The names of Docker's containers whose files are followed.
  private(set) var followed: [String: LocalName] = [:]
  private var isFollowed = false

  init(docker: DockerNames, podman: PodmanNames, _ renames: Renames) {
    (self.docker, self.podman, self.renames) = (docker, podman, renames)
  }

  mutating func name(ofContainer id: String, runtime: Runtime?) -> LocalName? {
    let found: LocalName?
    switch runtime {
    case .docker: found = dockerName(id)
    case .podman: found = podmanName(id)
    case nil: found = dockerName(id) ?? podmanName(id)
    default: return nil
    }
    return found ?? ended[id]
  }

  private func dockerName(_ id: String) -> LocalName? { followed[id] ?? docker.name(ofContainer: id) }

  private mutating func podmanName(_ id: String) -> LocalName? {
    if isFollowed, let name = podman.name(ofContainer: id) { return name }
    refreshPodman(folder: nil, at: .now)
    return podman.name(ofContainer: id)
  }

  mutating func setFollowed(_ isFollowed: Bool) {
    self.isFollowed = isFollowed
    if !isFollowed { (followed, ended) = ([:], EndedNames()) }
  }

  mutating func refreshPodman(folder: String?, at now: ContinuousClock.Instant) {
    let changes = podman.refresh(folder: folder)
    guard isFollowed else { return }
    for (id, name) in changes.ended { ended.add(id, name, at: now) }
    if changes.hasRenamed { renames.add() }
  }

  mutating func refreshDocker(id: String) {
    guard isFollowed, let name = docker.name(ofContainer: id) else { return }
    let old = followed[id]
    guard old != nil || followed.count < LocalNames.followedContainers else { return }
    followed[id] = name
    if let old, old.name != name.name { renames.add() }
  }

  mutating func endDocker(id: String, at now: ContinuousClock.Instant) {
    if let name = followed.removeValue(forKey: id) { ended.add(id, name, at: now) }
  }
}
