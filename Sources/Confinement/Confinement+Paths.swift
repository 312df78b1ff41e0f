// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Confinement {
  /// The process's own entries, the CPUs, and libraries. They contain no secrets, and libraries may be loaded late.
  private static let system = [
    "/proc", "/sys/devices/system/cpu", "/usr", "/lib", "/lib64", "/etc/ld.so.cache",
  ]

  /// The files that the resolver of names reads. Most of them are replaced when the network changes.
  private static let resolver = ["/etc", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf"]

  /// The files and folders that can be read when confined.
  static func readablePaths(_ needs: Needs) -> [String] {
    var paths = system + needs.folders.compactMap(existing)
    for file in needs.files {
      // A link may lead to another folder.
      paths += [file, target(of: file)].compactMap { $0 }.map { folder(of: $0) ?? $0 }
    }
    // The certificates that GnuTLS trusts are in /etc, too.
    if case .port(_, resolvesNames: true) = needs.requests { paths += resolver }
    return paths
  }

  /// Whether a file or folder can be read, or does not exist.
  static func isReadable(_ path: String) -> Bool {
    let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    if descriptor >= 0 { _ = close(descriptor) }
    return descriptor >= 0 || errno != EACCES
  }

  /// Returns the path, or its closest existing parent; nil for the root of the file system.
  private static func existing(_ path: String) -> String? {
    var path = path[...]
    while unsafe access(String(path), F_OK) != 0 && errno != EACCES {
      guard let above = folder(of: String(path)) else { return nil }
      path = above[...]
    }
    return String(path)
  }

  /// Returns the path of the folder of a file; nil for one in the root of the file system.
  static func folder(of path: String) -> String? {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? nil : String(path[..<slash])
  }

  private static func target(of path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}
