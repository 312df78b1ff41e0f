// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// Reads tokens, certificates and kubeconfigs: files of the operator's or the kubelet's.
enum ConfigurationFile {
  /// Certificate bundles have a few hundred KiB.
  static let limit = 4 << 20

  /// Answers a file's bytes.
  ///
  /// - Throws: what hinders it, beginning with the path, where the file is missing, may not be read or has
  ///   more than 4 MiB.
  static func read(_ path: String) throws(KubernetesError) -> [UInt8] {
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      throw KubernetesError("\(path) does not exist")
    } catch let error as CocoaError where error.code == .fileReadNoPermission {
      throw KubernetesError("\(path) may not be read: give the exporter's user access to it")
    } catch {
      throw KubernetesError("\(path) cannot be read as a file")
    }
    guard bytes.count <= limit else {
      throw KubernetesError("\(path) has more than 4 MiB, which no token, certificate or kubeconfig has")
    }
    return bytes
  }
}
