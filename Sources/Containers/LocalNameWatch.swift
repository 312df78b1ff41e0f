// SPDX-License-Identifier: Apache-2.0

import Platform

/// Follows the files that ``LocalNames`` reads, on a thread of its own, until it is released.
///
/// The thread sleeps until a file changes, and checks for new folders every five seconds. It uses at most a tenth of a
/// CPU: after its work, it sleeps nine times as long, but at most a second.
package final class LocalNameWatch: Sendable {
  private let stop = CancellationToken()

  /// Reads all names, and begins to follow them. From now on, nobody waits long for a file.
  ///
  /// - Returns: nil if the machine has no room for another thread, or another instance of inotify; then the names are
  ///   read on demand.
  package init?(_ names: LocalNames, interval: Duration = .seconds(5)) {
    names.limitReads(by: TimeLimitedWork())
    guard stop.descriptor >= 0, let folders = FolderWatch() else { return nil }
    let follower = Holder(LocalNameFollower(names, folders))
    let stop = stop
    guard Thread.start({ follower.run(every: interval, until: stop) }) else { return nil }
  }

  deinit { stop.cancel() }
}

/// Passes the follower to its thread.
private final class Holder: @unchecked Sendable {
  private var follower: LocalNameFollower

  init(_ follower: consuming LocalNameFollower) { self.follower = follower }

  func run(every interval: Duration, until stop: CancellationToken) {
    follower.run(every: interval, until: stop)
  }
}

/// The work of the thread.
private struct LocalNameFollower: ~Copyable {
  private enum Folder: Equatable {
    /// Docker's folder of all containers.
    case containers
    /// Docker's folder of one container.
    case container(id: String)
    /// A folder of podman.
    case storage(String)
  }

  private let names: LocalNames
  private let folders: FolderWatch
  private var followed: [Int32: Folder] = [:]

  init(_ names: LocalNames, _ folders: consuming FolderWatch) {
    self.names = names
    self.folders = folders
  }

  mutating func run(every interval: Duration, until stop: CancellationToken) {
    names.setFollowed(true)
    findFolders(isFirst: true)
    var next = ContinuousClock.now + interval
    while true {
      let woken = DescriptorPoller.wait(
        for: [(folders.descriptor, .readable), (stop.descriptor, .readable)], until: next)
      if woken[1] || stop.isCancelled { break }
      let cpu = Clock.threadCPU
      if woken[0] { for event in folders.read() { handle(event) } }
      if ContinuousClock.now >= next {
        names.expire(at: .now)
        findFolders(isFirst: false)
        next = .now + interval
      }
      stop.sleep(for: min(.seconds(1), (Clock.threadCPU - cpu) * 9))
    }
    names.setFollowed(false)
  }

  /// Follows existing folders that are not followed yet, also one that was mounted over another.
  private mutating func findFolders(isFirst: Bool) {
    let known = followed.count
    follow(names.dockerFolder, .containers, for: [.appears, .disappears])
    for folder in names.podmanFolders { follow(folder, .storage(folder), for: .isWritten) }
    if !isFirst && followed.count > known { names.recordNewFolder() }
  }

  private mutating func follow(_ path: String, _ folder: Folder, for changes: FolderWatch.Changes) {
    guard let number = folders.add(path, for: changes), followed[number] != folder else { return }
    for (old, other) in followed where other == folder { folders.remove(old) }
    followed[number] = folder
    read(folder)
  }

  private mutating func read(_ folder: Folder) {
    switch folder {
    case .containers:
      for id in FolderListing.entries(names.dockerFolder) ?? [] {
        followContainer(id)
      }
    case .container(let id): names.refreshDocker(id: id)
    case .storage(let path): names.refreshPodman(folder: path)
    }
  }

  private mutating func followContainer(_ id: String) {
    guard id.utf8[...].isHexadecimal(count: 64), followed.count < LocalNames.followedContainers + 64 else {
      return
    }
    // Its file may be created before or after the folder is followed.
    if let number = folders.add("\(names.dockerFolder)/\(id)", for: .isWritten, followingLink: false) {
      followed[number] = .container(id: id)
      names.refreshDocker(id: id)
    }
  }

  private mutating func handle(_ event: FolderWatch.Event) {
    switch event {
    case .overflow: readAll()
    case .gone(let number):
      if case .container(let id) = followed.removeValue(forKey: number) { names.endDocker(id: id) }
    case .changed(let number, let entry, let changes):
      switch followed[number] {
      case .containers where !changes.isDisjoint(with: .appears): followContainer(entry)
      case .containers: names.endDocker(id: entry)
      case .container(let id) where entry == DockerNames.file: names.refreshDocker(id: id)
      case .storage(let path) where PodmanNames.files.contains(entry): names.refreshPodman(folder: path)
      default: break
      }
    }
  }

  /// Reads the changes since the last call.
  private mutating func readAll() {
    for (number, folder) in followed {
      guard case .container(let id) = folder,
        folders.add("\(names.dockerFolder)/\(id)", for: .isWritten, followingLink: false) != number
      else { continue }
      followed[number] = nil
      names.endDocker(id: id)
    }
    for folder in followed.values { read(folder) }
  }
}
