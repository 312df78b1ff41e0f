// SPDX-License-Identifier: Apache-2.0

import CConfinement
import Glibc

/// Drops the privileges that the process no longer needs after its start.
///
/// | step | denies | what depends on the configuration |
/// |---|---|---|
/// | `no_new_privs` | privileges by exec of a set-user-ID file | |
/// | capabilities | all that root or a service can do beyond others | ``Needs``: files of other users; the kernel: CAP_BPF; `keeping` |
/// | Landlock | writes, execs, other files, TCP ports | the files and the port in ``Needs``; not with programs |
/// | seccomp | all system calls but those in `SystemCallTable` | requests; with programs, only the calls that none needs |
///
/// All apply to the calling thread and to the threads that it starts later. So call ``apply(_:keeping:mayReadKernel:)`` before
/// the first thread is started.
package enum Confinement {
  /// The requests that the process sends.
  package enum Requests: Sendable, Equatable {
    case none
    /// To this TCP port; nil is any port, because that of a proxy is unknown.
    case port(UInt16?, resolvesNames: Bool)
  }

  /// A folder in which one file is replaced.
  package struct WrittenFolder: Sendable, Equatable {
    let path: String
    let descriptor: Int32

    /// - Parameter descriptor: By which the folder stays open: files are opened by it.
    package init(path: String, descriptor: Int32) {
      self.path = path
      self.descriptor = descriptor
    }
  }

  /// The needs of the process after its start, beside polls of the kernel and open sockets.
  package struct Needs: Sendable, Equatable {
    /// Folders that are read, with their contents. If one does not exist yet, its closest existing parent.
    package var folders: [String] = []
    /// Files that are read again. Other processes replace them, so the folder of each can be read.
    package var files: [String] = []
    /// Files that are removed at the end. Others in their folders can be removed, too.
    package var removedFiles: [String] = []
    /// Where the state is replaced; nil for nowhere.
    package var writtenFolder: WrittenFolder?
    package var requests = Requests.none
    /// Whether it starts programs; their needs are unknown.
    package var startsPrograms = false

    package init() {}
  }

  /// The remaining privileges, for the log.
  package struct Report: Sendable, Equatable {
    /// The remaining capabilities.
    package var capabilities: Capabilities?
    package var noNewPrivileges = false
    /// The version of Landlock's ABI; nil if it is not applied.
    package var landlock: Int32?
    package var hasFilter = false
    /// The steps that failed, and why.
    package var failures: [String] = []
  }

  /// Drops all privileges that are not needed. A step that this kernel does not support is omitted.
  ///
  /// It lasts a few milliseconds, and cannot be undone.
  ///
  /// - Parameters:
  ///   - needs: The later needs of the process.
  ///   - kept: Capabilities to keep, as far as the process has them.
  ///   - mayReadKernel: Reads a BPF map. Returns false if the kernel does not permit it.
  package static func apply(
    _ needs: Needs, keeping kept: Capabilities = [], mayReadKernel: () -> Bool
  ) -> Report {
    var report = Report()
    report.noNewPrivileges = CConfinement_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0
    let paths = readablePaths(needs)
    do throws(ConfinementError) {
      var drop = try CapabilityDrop(keeping: kept)
      // Before Linux 5.19, all of bpf() needs it if unprivileged users may not call it.
      try drop.keep(oneOf: [.bpf, .sysAdmin], unless: mayReadKernel)
      try drop.keep(oneOf: [.readSearch], unless: { (needs.folders + needs.files).allSatisfy(isReadable) })
      try drop.complete()
      report.capabilities = drop.needed
    } catch {
      report.failures.append("\(error)")
    }
    do throws(ConfinementError) {
      if !needs.startsPrograms {
        report.landlock = try LandlockRules.apply(
          reading: paths, removingIn: needs.removedFiles.compactMap(folder),
          writingIn: needs.writtenFolder?.path, ports: ports(needs.requests))
      }
    } catch {
      report.failures.append("\(error)")
    }
    do throws(ConfinementError) {
      report.hasFilter =
        needs.startsPrograms
        ? try SystemCallFilter.deny(SystemCallTable.forbiddenToPlugins)
        : try SystemCallFilter.allowOnly(systemCalls(needs))
    } catch {
      report.failures.append("\(error)")
    }
    return report
  }

  private static func systemCalls(_ needs: Needs) -> [SystemCallRule] {
    var rules =
      SystemCallTable.runtime + SystemCallTable.files + SystemCallTable.polling + SystemCallTable.serving
    if needs.requests != .none { rules += SystemCallTable.requests }
    if case .port(_, resolvesNames: true) = needs.requests { rules += SystemCallTable.nameResolution }
    if !needs.removedFiles.isEmpty { rules += SystemCallTable.removal }
    if let folder = needs.writtenFolder { rules += SystemCallTable.replacement(in: folder.descriptor) }
    return rules
  }

  private static func ports(_ requests: Requests) -> Set<UInt16>? {
    switch requests {
    case .none: []
    case .port(nil, _): nil
    // DNS, if a response is too long for UDP.
    case .port(let port?, let resolvesNames): resolvesNames ? [port, 53] : [port]
    }
  }
}
