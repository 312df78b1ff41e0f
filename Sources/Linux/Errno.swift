// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The error numbers that are told apart.
package enum Errno {
  /// EPERM.
  package static let notPermitted = EPERM
  /// E2BIG; of a BPF map: more entries than the kernel takes.
  package static let argumentListTooLong = E2BIG
  /// ENOMEM.
  package static let noMemory = ENOMEM
}
