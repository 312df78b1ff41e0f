// SPDX-License-Identifier: Apache-2.0

/// The parsed name of one directory in a cgroup path.
///
/// ```
/// [prefix-|prefix:]<64 hex>[.scope]   a container       docker-….scope, crio-…, libpod-payload-…, …
/// <slice>:<prefix>:<id>               pod and container  runc's argument for systemd, used as a directory
/// [….-]pod<uid>[.slice]               a pod             pod0f3c…, kubepods-burstable-pod0f3c_….slice
/// runc-<name>.scope, crun-<name>.scope, lxc.payload.<name>, lxc/<name>, lxc.payload/<name>,
/// machine-<name>.scope, systemd-nspawn@<name>.service, bpm-<name>   a container that has a name for an id
/// garden/<handle>, garden/good/<handle>, garden/bad/<handle>        a container that has a uuid for an id
/// ```
struct CgroupComponent {
  private(set) var containerID: String?
  /// The runtime; nil if the ID has no prefix.
  private(set) var runtime: Runtime?
  private(set) var podUID: String?

  /// Parses a name.
  ///
  /// - Parameters:
  ///   - name: The directory's name.
  ///   - parent: The name of its parent directory; empty without one.
  init(_ name: String, in parent: String) {
    let fields = name.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    podUID = Self.podUID(of: fields[0])
    if fields.count == 3 {
      guard let runtime = Runtime.byPrefix[String(Substring(fields[1]))] else { return }
      let byItself = runtime == .runc || runtime == .crun
      guard fields[2].isHexadecimal(count: 64) || byItself else { return }
      setContainer(fields[2], runtime)
    } else if parent == "lxc" || parent == "lxc.payload" {
      setContainer(name.utf8[...], .lxc)
    } else if parent == "garden", name.utf8[...].hasGardenHandle {
      setContainer(name.utf8[...], .garden)
    } else if let (id, prefix) = Self.hexadecimalID(in: name.utf8[...]) {
      // If podman manages cgroups itself, its pods have such directories. Its containers have a prefix.
      if prefix.isEmpty && parent != "libpod_parent" { setContainer(id, nil) }
      if let runtime = Runtime.byPrefix[prefix] { setContainer(id, runtime) }
    }
    if containerID == nil { readName(name.utf8[...]) }
  }

  /// Returns the last 64 hexadecimal digits and the prefix before them, which may be empty. Returns nil if
  /// another character than `-` or `:` separates the two.
  private static func hexadecimalID(
    in name: Substring.UTF8View
  ) -> (id: Substring.UTF8View, prefix: String)? {
    let unit = name.without(suffix: ".scope") ?? name
    let id = unit.suffix(64)
    guard id.isHexadecimal(count: 64) else { return nil }
    let rest = unit.dropLast(64)
    guard let separator = rest.last else { return (id, "") }
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: ":"), rest.count > 1 else { return nil }
    return (id, String(Substring(rest.dropLast())))
  }

  /// Returns the uid of a pod. It has 36 characters with `-`, or with `_` because systemd uses `-` for
  /// levels. Or it has 32 digits.
  private static func podUID(of name: Substring.UTF8View) -> String? {
    let unit = name.without(suffix: ".slice") ?? name
    for (count, isUID) in [(36, \Substring.UTF8View.isUUID), (32, \.isHash)] {
      let uid = unit.suffix(count)
      guard uid[keyPath: isUID], let before = unit.dropLast(count).without(suffix: "pod") else { continue }
      guard before.isEmpty || before.last == UInt8(ascii: "-") else { return nil }
      return String(decoding: uid.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
    }
    return nil
  }

  /// Parses the names of containers that have no ID.
  private mutating func readName(_ name: Substring.UTF8View) {
    if let scope = name.without(suffix: ".scope") {
      if let id = scope.without(prefix: "runc-") {
        setContainer(id, .runc)
      } else if let id = scope.without(prefix: "crun-") {
        setContainer(id, .crun)
      } else if let machine = scope.without(prefix: "machine-") {
        readMachine(machine)
      }
    } else if let service = name.without(suffix: ".service") {
      if let machine = service.without(prefix: "systemd-nspawn@") { readMachine(machine) }
    } else if let id = name.without(prefix: "lxc.payload.") {
      setContainer(id, .lxc)
    } else if let job = name.without(prefix: "bpm-"), UnitName(folder: name) == nil, !job.isEmpty {
      // As systemd has it in `runc-bpm-<job>.scope`.
      setContainer(name, .runc)
    }
  }

  /// Parses the name of a machine of systemd-machined. libvirt registers its own: `qemu-2-web` is a virtual
  /// machine, `lxc-2-web` the container `web`, whose number is another one after each start.
  private mutating func readMachine(_ escaped: Substring.UTF8View) {
    let name = escaped.unescapedBySystemd
    func nameInLibvirt(_ driver: String) -> Substring.UTF8View? {
      guard let rest = name.utf8[...].without(prefix: driver) else { return nil }
      let number = rest.prefix { $0.isDecimalDigit }
      return number.isEmpty ? nil : rest.dropFirst(number.count).without(prefix: "-")
    }
    guard nameInLibvirt("qemu-") == nil else { return }
    if let container = nameInLibvirt("lxc-") {
      setContainer(container, .lxc)
    } else {
      setContainer(name.utf8[...], .nspawn)
    }
  }

  /// Sets the container if its ID is valid. The kernel limits a directory's name to 255 bytes.
  private mutating func setContainer(_ id: Substring.UTF8View, _ runtime: Runtime?) {
    let text = String(Substring(id))
    guard !text.isEmpty, text.utf8.count <= 253, text != ".", text != ".." else { return }
    (containerID, self.runtime) = (text, runtime)
  }
}
