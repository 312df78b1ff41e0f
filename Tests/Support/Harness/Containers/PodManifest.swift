// SPDX-License-Identifier: Apache-2.0

/// The part of a pod template (`spec.template.spec` of a DaemonSet) that the exporter's manifest uses.
package struct PodManifest: Decodable {
  package struct Security: Decodable {
    package struct Profile: Decodable { package let type: String }
    package let seccompProfile: Profile
  }

  package struct Container: Decodable {
    package struct Security: Decodable {
      package struct Capabilities: Decodable {
        package let add, drop: [String]
      }
      package let runAsUser, runAsGroup: Int
      package let allowPrivilegeEscalation: Bool
      package let readOnlyRootFilesystem: Bool
      package let capabilities: Capabilities
    }
    package struct Resources: Decodable { package let limits: [String: String] }

    package let name: String
    package let image: String
    package let args: [String]
    package let securityContext: Security
    package let resources: Resources

    /// In bytes; the manifest has MiB.
    package var memoryLimit: Int? {
      resources.limits["memory"].flatMap { $0.hasSuffix("Mi") ? Int($0.dropLast(2)) : nil }.map { $0 << 20 }
    }
  }

  package let hostPID: Bool
  package let securityContext: Security
  package let containers: [Container]

  /// The exporter's container.
  package var container: Container { containers[0] }
}
