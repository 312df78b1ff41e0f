// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

extension Ledger {
  /// Changes from the programs and maps of one layout to those of another, by their result.
  package struct Handovers: Equatable, Sendable {
    /// Each event was counted once.
    package var complete: UInt64 = 0
    /// Some events may be missing or counted twice.
    package var incomplete: UInt64 = 0

    /// None.
    package init() {}
  }

  /// Adds the last counts of maps that are not read any more, because programs of another layout count in other maps now.
  ///
  /// - Parameters:
  ///   - reading: All that these maps have.
  ///   - isContinued: Whether they are the maps that the last poll has read. Else all that is in them is new.
  package mutating func absorb(
    _ reading: KernelCounters.Reading, at now: Moment, isContinued: Bool, scraped: ScrapedPolls, name: Name
  ) {
    let others = isContinued ? [:] : members.mapValues(\.events)
    if !isContinued { rebase(to: [:]) }
    // What has ended is deleted with the maps.
    _ = ingest(tasks: nil, reading, at: now, scraped: scraped, isOfOwnMaps: false, name: name)
    mayLackEntries = true
    // Names that are not final are looked up at the next poll again.
    namesVersion = .max
    rebase(to: others)
    earlierNode += reading.node
  }

  /// Goes on with other maps without the last counts of the earlier ones.
  package mutating func abandonMaps() { rebase(to: [:]) }

  /// Sets what the next reading is compared with, by part; 0 for others.
  private mutating func rebase(to counts: [NamespacePart: EventCounts]) {
    for part in members.keys { members[part]?.events = counts[part] ?? EventCounts() }
  }
}

extension ContainerResolver {
  /// Names the container of a namespace, or of a part of it.
  ///
  /// - Parameter known: For a part, what is known of the namespace. Its container counts if the cgroups of its init name
  ///   none any more.
  package func resolve(
    _ identity: NamespaceIdentity, _ cgroup: PartCgroup?, _ known: Resolution?
  ) -> Resolution {
    var whole = resolve(cgroupPaths: identity.cgroupPaths, initComm: identity.initComm)
    guard let cgroup else { return whole }
    if let known, whole.container.id.isEmpty && !known.container.id.isEmpty { whole = known }
    return resolve(part: cgroup.paths, of: whole)
  }
}
