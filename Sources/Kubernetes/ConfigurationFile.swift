// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// Reads files of the operator or the kubelet: tokens, certificates and kubeconfigs.
enum ConfigurationFile {
  /// The limit of a file's size, in bytes. Certificate bundles have a few hundred KiB.
  static let limit = 4 << 20

  /// Returns a file's bytes.
  ///
  /// - Parameter advice: What to do if the file does not exist.
  /// - Throws: `KubernetesError` if the file is missing, unreadable, or longer than 4 MiB. The text starts
  ///   with the path.
  static func read(_ path: String, ifMissing advice: String = "check the path") throws(KubernetesError)
    -> [UInt8]
  {
    // The kubelet's files are links into a directory that it replaces atomically.
    guard let file = RegularFile(opening: path, followingLink: true) else {
      throw KubernetesError("\(path) \(problem(path, ifMissing: advice))")
    }
    guard let bytes = file.read(upTo: limit) else {
      throw KubernetesError(
        "\(path) cannot be read, is larger than 4 MiB, or is being written: check the path")
    }
    return bytes
  }

  private static func problem(_ path: String, ifMissing advice: String) -> String {
    if unsafe access(path, F_OK) != 0 && errno == ENOENT { return "does not exist: \(advice)" }
    if unsafe access(path, R_OK) != 0 {
      return "cannot be read: give the exporter's user read permission"
    }
    return "is not a file: give the path of a file"
  }
}
