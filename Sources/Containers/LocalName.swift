// SPDX-License-Identifier: Apache-2.0

/// The name of a container in Docker or podman.
struct LocalName: Equatable, Sendable {
  /// Its name: from 1 to ``LocalNames/longestName`` bytes of untrusted text.
  let name: String
  /// Its image as requested; empty if unknown or too long.
  let image: String

  /// Accepts a name that is neither empty nor too long.
  init?(name: String, image: String) {
    guard !name.isEmpty, name.utf8.count <= LocalNames.longestName else { return nil }
    self.name = name
    self.image = image.utf8.count <= LocalNames.longestName ? image : ""
  }
}

/// The names of recently removed containers.
///
/// A container with `--rm` is removed as soon as it ends, which may be before its name is needed.
struct EndedNames {
  /// The maximum number; typically 250 bytes each.
  static let limit = 4096
  /// The time for which they are kept.
  static let retention = Duration.seconds(300)

  private var names: [String: (name: LocalName, end: ContinuousClock.Instant)] = [:]
  /// Their ids, the oldest first.
  private var order: [(id: String, end: ContinuousClock.Instant)] = []

  /// The number of names.
  var count: Int { names.count }

  subscript(id: String) -> LocalName? { names[id]?.name }

  /// Adds one; the oldest ones make room.
  mutating func add(_ id: String, _ name: LocalName, at now: ContinuousClock.Instant) {
    if order.count >= Self.limit { remove(order.count - Self.limit + Self.limit / 8) }
    names[id] = (name, now)
    order.append((id, now))
  }

  /// Forgets those that ended too long ago.
  mutating func expire(at now: ContinuousClock.Instant) {
    remove(order.prefix { now - $0.end >= Self.retention }.count)
  }

  private mutating func remove(_ count: Int) {
    // A container that was restored and ended again also has a later entry.
    for (id, end) in order.prefix(count) where names[id]?.end == end { names[id] = nil }
    order.removeFirst(count)
  }
}
