// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Platform

/// Reads tokens, certificates and kubeconfigs: files of the operator's or the kubelet's.
enum ConfigurationFile {
  /// Certificate bundles have a few hundred KiB.
  static let limit = 4 << 20

  /// Answers a file's bytes.
  ///
  /// - Throws: what hinders it, beginning with the path, where the file is missing, may not be read or has
  ///   more than 4 MiB.
  static func read(_ path: String) throws(KubernetesError) -> [UInt8] {
    // The kubelet's files are links into a folder that it replaces as a whole.
    guard let file = RegularFile(opening: path, followingLink: true) else {
      throw KubernetesError("\(path) \(hindrance(path))")
    }
    guard let bytes = file.read(upTo: limit) else {
      throw KubernetesError(
        "\(path) cannot be read, or is larger than 4 MiB")
    }
    return bytes
  }

  private static func hindrance(_ path: String) -> String {
    let files = FileManager.default
    if !files.fileExists(atPath: path) { return "does not exist" }
    if !files.isReadableFile(atPath: path) { return "may not be read: give the exporter's user access to it" }
    return "is not a file: give the path of a file"
  }
}
