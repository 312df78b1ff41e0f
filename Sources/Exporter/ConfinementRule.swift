// SPDX-License-Identifier: Apache-2.0

import Containers
import Kubernetes
import Logging
import Platform
package import Confinement

/// The restrictions of the process after its start.
package struct ConfinementRule: Sendable {
  /// The capabilities that it keeps although it does not need them.
  package var kept: Capabilities
  /// Files that the server reads again.
  var files: [String] = []
  /// The API server that checks tokens.
  var api: Kubernetes.Configuration?
  /// The files of its unix sockets, which it removes.
  var sockets: [String] = []

  /// The folder of the state file, and its descriptor.
  var writtenFolder: (path: String, descriptor: Int32)?

  /// Keeps some capabilities.
  package init(keeping kept: Capabilities = []) { self.kept = kept }

  /// Restricts the process, and logs the remaining privileges. Call it before other threads are started.
  ///
  /// - Parameters:
  ///   - node: The node whose pods are watched.
  ///   - localNames: The files with names of containers.
  ///   - mayReadKernel: Reads a BPF map; returns false without permission.
  func confine(
    _ node: CounterPipeline.Node?, _ localNames: LocalNames?, _ logger: Logger, mayReadKernel: () -> Bool
  ) {
    let report = Confinement.apply(
      needs(node, localNames, Environment.variables), keeping: kept, mayReadKernel: mayReadKernel)
    logger.info(
      "confined",
      metadata: [
        "capabilities": "\(report.capabilities?.names.joined(separator: ",") ?? "unchanged")",
        "no_new_privs": "\(report.noNewPrivileges)",
        "landlock": "\(report.landlock.map { "abi-\($0)" } ?? "none")",
        "seccomp": "\(report.hasFilter ? "filter" : "none")",
      ])
    for failure in report.failures {
      logger.warning(
        "a step of the confinement failed; continuing without it; see what the service or container forbids, such as SystemCallFilter=",
        metadata: ["error": "\(failure)"])
    }
    if !report.hasFilter && report.failures.isEmpty {
      logger.warning(
        "kernel has no seccomp, or the service forbids it; system calls are not restricted; allow seccomp in SystemCallFilter="
      )
    }
  }

  func needs(
    _ node: CounterPipeline.Node?, _ localNames: LocalNames?, _ environment: [String: String]
  ) -> Confinement.Needs {
    var needs = Confinement.Needs()
    needs.folders = localNames?.roots ?? []
    needs.files = files
    needs.removedFiles = sockets
    needs.writtenFolder = writtenFolder.map {
      Confinement.WrittenFolder(path: $0.path, descriptor: $0.descriptor)
    }
    // There is only one, which the same flags configure.
    guard let api = node?.api ?? api else { return needs }
    needs.files += api.files
    needs.startsPrograms = api.startsPlugin
    needs.requests = .port(
      api.port(environment: environment), resolvesNames: api.resolvesNames(environment: environment))
    return needs
  }
}
