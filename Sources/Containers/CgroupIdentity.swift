// SPDX-License-Identifier: Apache-2.0

/// The identity in a cgroup path: the container of its processes, that container's pod, and the unit of systemd.
///
/// The known shapes, and their sources: docs/containers.md and
/// Tests/Unit/ContainersTests/Fixtures (cgroup-paths.tsv, cgroup-units.tsv).
package struct CgroupIdentity: Hashable, Sendable {
  /// The id of the container; nil outside of containers. For LXC, systemd-nspawn, and runc and crun without another
  /// runtime, it is the name; for Garden the handle. Both are untrusted text of at most 253 bytes. Otherwise it is 64
  /// hexadecimal digits.
  package let containerID: String?
  /// The runtime of the container; nil without a container, or if the path does not show it.
  package let runtime: Runtime?
  /// The IDs of the enclosing containers, innermost first, for example of a pod's container in which Docker
  /// runs.
  ///
  /// A pod resets the list: it does not contain the node of kind around a pod.
  package let enclosingIDs: [String]
  /// The pod's uid with `-`. For a static pod, the 32 digits of its configuration's hash.
  package let podUID: String?
  /// The unit of systemd, at most 255 bytes of ASCII: of the container if there is one, otherwise of the machine. A
  /// machine has a bounded number of them (see `UnitName`). nil: none, or the cgroup is a pod's.
  package let unit: String?

  /// Parses a path from `/proc/PID/cgroup` or from the kernel.
  ///
  /// * **Nested containers.** The deepest one counts: for a pod in kind, the pod's container, not the node, which is a
  ///   container of Docker. The deepest pod counts, too: a container that Docker runs inside a pod's container has that
  ///   pod.
  /// * **A pod's own cgroup** has no container, even if the node is one: its processes will move to their own cgroup,
  ///   or belong to the runtime.
  /// * **Below the container** are cgroups that it made itself (`/init.scope`, `/system.slice/x.service`): those of
  ///   a service manager are units.
  /// * **The unit** is the deepest one with a bounded name.
  /// * **Relative and cut paths.** `/../..`, from inside a cgroup namespace, is skipped. If a path lacks its beginning,
  ///   the rest is parsed; a folder that is cut inside its id is no container.
  ///
  /// - Complexity: Linear in the path's length. Allocates for the result and for a list of the directories.
  package init(path: String) {
    var descent = CgroupDescent()
    // Bytes, because a combining character and the slash would be one Character.
    for folder in path.utf8.split(separator: UInt8(ascii: "/")) { descent.enter(folder) }
    let place = descent.place
    (containerID, runtime, podUID) = (place.container?.id, place.container?.runtime, place.pod)
    enclosingIDs = place.enclosing
    unit = place.units?.unit
  }

  /// Reads the paths of a process in several hierarchies: with cgroup v1, they may differ.
  ///
  /// The first one with a container counts, otherwise the first one with a pod, otherwise the first one with a unit. A
  /// process that was moved in one hierarchy is still in its container in the others. The unit may be from any path
  /// with the same container.
  ///
  /// - Parameter paths: The primary hierarchy's first; may be empty.
  package init(paths: [String]) {
    let identities = paths.map(CgroupIdentity.init(path:))
    let best =
      identities.first { $0.containerID != nil } ?? identities.first { $0.podUID != nil }
      ?? identities.first { $0.unit != nil } ?? CgroupIdentity(path: "")
    let unit = identities.lazy
      .filter { $0.containerID == best.containerID && $0.podUID == best.podUID }
      .compactMap(\.unit).first
    self.init(
      containerID: best.containerID, runtime: best.runtime, podUID: best.podUID,
      enclosingIDs: best.enclosingIDs, unit: unit)
  }

  /// Creates an identity.
  init(
    containerID: String?, runtime: Runtime?, podUID: String?, enclosingIDs: [String] = [], unit: String? = nil
  ) {
    (self.containerID, self.runtime, self.podUID) = (containerID, runtime, podUID)
    self.enclosingIDs = enclosingIDs
    self.unit = unit
  }
}

/// The parser's state on the path from the root of a hierarchy to a cgroup.
private struct CgroupDescent {
  /// The identity in the folders so far.
  struct Place {
    var container: (id: String, runtime: Runtime?)?
    var enclosing: [String] = []
    var pod: String?
    /// nil below a pod, where only its containers have units.
    var units: UnitPath? = UnitPath()
  }

  private(set) var place = Place()
  /// The place without the container, directly below its folder.
  private var outside: Place?
  /// The runtime of ids without a prefix, from the folders since the last container or pod.
  private var runtimeOfFolder: Runtime?
  private var parent = ""

  /// Parses the next folder.
  mutating func enter(_ folder: Substring.UTF8View) {
    let name = String(Substring(folder))
    let component = CgroupComponent(name, in: parent)
    let around = outside
    // Garden's folders for containers that use less and more than their share of the CPU.
    if !(parent == "garden" && (name == "good" || name == "bad")) { parent = name }
    outside = nil
    if let uid = component.podUID {
      place = Place(pod: uid, units: nil)
      runtimeOfFolder = nil
    }
    if let id = component.containerID {
      outside = place
      outside?.units?.enter(folder)
      if let outer = place.container { place.enclosing.insert(outer.id, at: 0) }
      place.container = (id, component.runtime ?? runtimeOfFolder)
      place.units = UnitPath()
      runtimeOfFolder = nil
    } else if let around, place.container?.runtime == .nspawn && name == "supervisor" {
      // systemd-nspawn itself, which is outside the container.
      place = around
    } else {
      if let runtime = Runtime.byFolder[name] { runtimeOfFolder = runtime }
      if component.podUID == nil { place.units?.enter(folder) }
    }
  }
}

/// The units of one service manager on the path.
private struct UnitPath {
  /// The deepest one with a bounded name.
  private(set) var unit: String?
  /// Whether everything below is one user's.
  private var isOfUser = false

  mutating func enter(_ folder: Substring.UTF8View) {
    guard !isOfUser, let name = UnitName(folder: folder) else { return }
    if let slice = name.userSlice {
      (unit, isOfUser) = (slice, true)
    } else if name.isBounded && !(name.isInit && unit != nil) {
      // An init.scope inside another unit is the scope of a service manager that this unit runs.
      unit = name.text
    }
  }
}
