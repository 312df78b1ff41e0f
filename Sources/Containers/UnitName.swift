// SPDX-License-Identifier: Apache-2.0

/// The name of a unit of systemd that may contain processes, as a folder of a cgroup path.
///
/// Many units exist only for one connection, one session or one start. Each would be a new label value. So the number
/// of such names is unbounded, and their processes count under the enclosing unit:
///
/// ```
/// session-17.scope  run-u97.scope  app-….scope  machine-qemu\x2d1\x2dweb.scope   scopes with a digit in their names
/// run-r<32 hex>.service  run-u97.service  run-p620-i621.service  run-620.service transient services
/// sshd@7-10.0.0.1:22-10.0.0.2:5000.service  systemd-coredump@3-1234-0.service    one connection of a socket
/// dbus-:1.37-org.freedesktop.problems@0.service                                   one start of dbus-broker's
/// <64 hex>.service  machine-libpod_pod_<64 hex>.slice  ….<uuid>.…                 names with an id in them
/// ```
struct UnitName {
  private enum Kind: String, CaseIterable {
    case service, scope, slice, mount, socket, swap
  }

  /// The name, as systemd writes it: at most 255 bytes of ASCII.
  let text: String
  private let kind: Kind
  /// The name without its kind, its escapes decoded.
  private let stem: String

  /// Parses a folder's name; nil if systemd allows no unit of this name.
  init?(folder: Substring.UTF8View) {
    // systemd adds a `_` before a name that the kernel could use for a file, and before one that begins with `_`.
    let name = folder.without(prefix: "_") ?? folder
    guard name.count <= 255, name.allSatisfy(\.isOfUnitName) else { return nil }
    for kind in Kind.allCases {
      guard let stem = name.without(suffix: ".\(kind.rawValue)"), !stem.isEmpty else { continue }
      self.kind = kind
      self.stem = stem.unescapedBySystemd
      text = String(Substring(name))
      return
    }
    return nil
  }

  /// Whether it is the scope of the service manager itself.
  var isInit: Bool { text == "init.scope" }

  /// The slice of a user, if this is that slice or the service of the user's own manager: all their processes are the
  /// user's.
  var userSlice: String? {
    guard
      let user = kind == .slice
        ? stem.utf8[...].without(prefix: "user-")
        : nil
          ?? (kind == .service ? stem.utf8[...].without(prefix: "user@") : nil),
      !user.isEmpty, user.allSatisfy(\.isDecimalDigit)
    else { return nil }
    return "user-\(Substring(user)).slice"
  }

  /// Whether the number of such names on a machine is bounded, however long it runs.
  var isBounded: Bool {
    guard !stem.utf8.containsID, !stem.contains("dbus-:") else { return false }
    return switch kind {
    case .scope: !stem.utf8.contains(where: \.isDecimalDigit)
    case .service: !isTransientService && !isOfOneConnection && !isOfOneActivation
    case .slice, .mount, .socket, .swap: true
    }
  }

  /// Whether systemd-run named a service by its connection to the bus, its process, or a random number.
  private var isTransientService: Bool {
    guard let rest = stem.utf8[...].without(prefix: "run-") else { return false }
    let number = rest.without(prefix: "u") ?? rest.without(prefix: "p") ?? rest
    let parts = number.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return (1...2).contains(parts.count)
      && parts.enumerated().allSatisfy { index, part in
        let digits = index == 0 ? part : part.without(prefix: "i") ?? part
        return !digits.isEmpty && digits.allSatisfy(\.isDecimalDigit)
      }
  }

  /// The text after the `@`.
  private var instance: Substring.UTF8View? {
    stem.utf8.firstIndex(of: UInt8(ascii: "@")).map { stem.utf8[$0...].dropFirst() }
  }

  /// Whether a socket with `Accept=yes` started it: `<number>-<address>:<port>-<address>:<port>`,
  /// `<number>-[<cookie>-]<pid>-<uid>` or `<number>-unknown`.
  private var isOfOneConnection: Bool {
    guard let instance else { return false }
    let number = instance.prefix { $0.isDecimalDigit }
    guard !number.isEmpty, let peer = instance.dropFirst(number.count).without(prefix: "-") else {
      return false
    }
    let dash = UInt8(ascii: "-")
    return peer.elementsEqual("unknown".utf8) || peer.contains(UInt8(ascii: ":"))
      || peer.contains(dash) && peer.allSatisfy { $0.isDecimalDigit || $0 == dash || $0 == UInt8(ascii: "_") }
  }

  /// Whether dbus-broker started it for a name that has no service: it counts the starts.
  private var isOfOneActivation: Bool {
    guard stem.utf8.starts(with: "dbus-".utf8), let instance else { return false }
    return !instance.isEmpty && instance.allSatisfy(\.isDecimalDigit)
  }
}

extension UInt8 {
  /// Whether systemd allows it in the name of a unit.
  fileprivate var isOfUnitName: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "\\"): true
    default: isDecimalDigit || self == UInt8(ascii: "@")
    }
  }
}

extension String.UTF8View {
  /// Whether the name contains an id: at least 32 hexadecimal digits, or a uuid.
  var containsID: Bool {
    var digits = 0
    for index in indices {
      digits = self[index].isHexadecimalDigit ? digits + 1 : 0
      // A uuid begins with eight digits.
      if digits == 32 || digits >= 8 && self[self.index(index, offsetBy: -7)...].prefix(36).isUUID {
        return true
      }
    }
    return false
  }

  /// Whether the name ends in a hyphen and 16 lower-case hexadecimal digits, after at least one other character.
  var endsInRandomNumber: Bool {
    guard count > 17, self[index(endIndex, offsetBy: -17)] == UInt8(ascii: "-") else { return false }
    let upper = UInt8(ascii: "A")...UInt8(ascii: "F")
    return suffix(16).allSatisfy { $0.isHexadecimalDigit && !upper.contains($0) }
  }
}
