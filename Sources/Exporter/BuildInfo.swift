// SPDX-License-Identifier: Apache-2.0

import LibBPF
package import Logging

/// The source and the tools of this build.
package enum BuildInfo {
  /// The version of the program.
  package static var version: String { Stamp.version }
  /// The git commit; empty when it was not built from a checkout.
  package static var revision: String { Stamp.revision }
  /// The version of the Swift compiler.
  package static var swiftVersion: String { Stamp.swiftVersion }
  /// The version of the libbpf that is linked in.
  package static var libbpfVersion: String { LibraryInfo.version }
  /// The processor architecture, by its name in container images.
  package static var arch: String {
    #if arch(x86_64)
      "amd64"
    #elseif arch(arm64)
      "arm64"
    #else
      #error("not built for this architecture yet: add its name here")
    #endif
  }

  /// The version and the commit, for pages.
  static var versionAndRevision: String { revision.isEmpty ? version : "\(version) (\(revision))" }

  /// All fields in one line, for users.
  package static var summary: String {
    let revision = revision.isEmpty ? "" : " (revision \(revision))"
    return "\(version)\(revision), Swift \(swiftVersion), libbpf \(libbpfVersion), \(arch)"
  }

  /// All fields of a log line.
  package static var metadata: Logger.Metadata {
    [
      "version": "\(version)", "revision": "\(revision)", "swift": "\(swiftVersion)",
      "libbpf": "\(libbpfVersion)", "arch": "\(arch)",
    ]
  }
}
