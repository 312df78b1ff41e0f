// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The user and the group that own a file.
package struct FileOwner: Sendable, Hashable {
  /// nil leaves it as it is.
  package let user: UInt32?
  /// nil leaves it as it is.
  package let group: UInt32?

  /// Parses `USER`, `USER:GROUP` or `:GROUP`, by names or numbers. Looks names up in the system's databases.
  ///
  /// Returns nil for a name that does not exist, and for an empty text.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let (user, group) = (parts[0], parts.count > 1 ? parts[1] : "")
    guard !(user.isEmpty && group.isEmpty) else { return nil }
    self.user = user.isEmpty ? nil : UInt32(user) ?? Self.user(user)
    self.group = group.isEmpty ? nil : UInt32(group) ?? Self.group(group)
    guard (user.isEmpty || self.user != nil) && (group.isEmpty || self.group != nil) else { return nil }
  }

  private static func user(_ name: String) -> UInt32? {
    unsafe getpwnam(name).map { unsafe $0.pointee.pw_uid }
  }

  private static func group(_ name: String) -> UInt32? {
    unsafe getgrnam(name).map { unsafe $0.pointee.gr_gid }
  }
}
