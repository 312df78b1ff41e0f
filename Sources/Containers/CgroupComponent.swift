// SPDX-License-Identifier: Apache-2.0

/// The meaning of one folder's name in a cgroup path.
///
/// ```
/// [prefix-|prefix:]<64 hex>[.scope]   a container       docker-….scope, crio-…, libpod-payload-…, …
/// <slice>:<prefix>:<id>               pod and container  runc's argument for systemd, used as a folder
/// [….-]pod<uid>[.slice]               a pod             pod0f3c…, kubepods-burstable-pod0f3c_….slice
/// runc-<name>.scope, crun-<name>.scope, lxc.payload.<name>, lxc/<name>, lxc.payload/<name>,
/// machine-<name>.scope, systemd-nspawn@<name>.service   a container that has a name for an id
/// ```
struct CgroupComponent {
  private(set) var containerID: String?
  /// nil if the id has no prefix.
  private(set) var runtime: Runtime?
  private(set) var podUID: String?

  /// Parses a name.
  ///
  /// - Parameter parent: The name of the folder around it; empty where there is none.
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
    } else if let (id, prefix) = Self.hexadecimalID(in: name.utf8[...]) {
      // Where podman manages cgroups itself, its pods have folders there; containers have a prefix.
      if prefix.isEmpty && parent != "libpod_parent" { setContainer(id, nil) }
      if let runtime = Runtime.byPrefix[prefix] { setContainer(id, runtime) }
    }
    if containerID == nil { readName(name.utf8[...]) }
  }

  /// Finds 64 digits at the end, and the prefix before them; nil if there is something between the two
  /// that is neither `-` nor `:`.
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

  /// Reads the uid of a pod: 36 characters with `-` or, as systemd takes `-` for a level, with `_`; or 32 digits.
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

  /// Reads the names of containers that have no id.
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
    }
  }

  /// Reads the name of a machine of systemd-machined, where libvirt registers its own too: `qemu-2-web` is a
  /// virtual machine, `lxc-2-web` a container.
  private mutating func readMachine(_ escaped: Substring.UTF8View) {
    let name = escaped.unescapedBySystemd
    func isOfLibvirt(_ driver: String) -> Bool {
      guard let rest = name.utf8[...].without(prefix: driver) else { return false }
      let number = rest.prefix { $0.isDecimalDigit }
      return !number.isEmpty && rest.dropFirst(number.count).first == UInt8(ascii: "-")
    }
    guard !isOfLibvirt("qemu-") else { return }
    setContainer(name.utf8[...], isOfLibvirt("lxc-") ? .lxc : .nspawn)
  }

  /// Accepts an id if it is valid: the kernel's own bound for a folder's name is 255 bytes.
  private mutating func setContainer(_ id: Substring.UTF8View, _ runtime: Runtime?) {
    let text = String(Substring(id))
    guard !text.isEmpty, text.utf8.count <= 253, text != ".", text != ".." else { return }
    (containerID, self.runtime) = (text, runtime)
  }
}
