// SPDX-License-Identifier: Apache-2.0

/// An event of one process: its kind, the process, its namespaces.
///
/// The process chooses all text: it is untrusted, and invalid UTF-8 is repaired.
package struct ProcessEvent: Equatable, Sendable {
  /// What happened.
  package enum Action: Equatable, Sendable {
    /// A process began.
    case fork
    /// It executes another program.
    ///
    /// - Parameters:
    ///   - file: The path given to execve, 1,023 bytes at most.
    ///   - arguments: argv, 4,096 bytes of it at most; nil if not requested, or unreadable.
    ///   - isCut: Whether there were more arguments.
    case exec(file: String, arguments: [String]?, isCut: Bool)
    /// Its last thread exited.
    ///
    /// - Parameters:
    ///   - lifetime: In nanoseconds, since the fork.
    case exit(reason: ExitReason, status: ExitStatus, lifetime: UInt64)
    /// The kernel's OOM killer killed it; emitted when it exits.
    case oomKill
  }

  /// The status of a process from wait().
  package enum ExitStatus: Equatable, Sendable {
    /// It exited by itself, with a code of 0 to 255.
    case code(UInt8)
    /// A signal ended it.
    case signal(Int32, dumpedCore: Bool)
  }

  /// The numbers of a process: its own, its parent's, and those of the thread that caused the event.
  package struct Numbers: Equatable, Sendable {
    /// The process.
    package var pid: UInt32
    /// The thread: of an exit, the last one.
    package var tid: UInt32
    /// The parent; 0 if it is outside.
    package var ppid: UInt32

    /// Creates the numbers.
    package init(pid: UInt32, tid: UInt32, ppid: UInt32) {
      (self.pid, self.tid, self.ppid) = (pid, tid, ppid)
    }
  }

  /// A real user and group.
  package struct User: Equatable, Sendable {
    /// The user.
    package var uid: UInt32
    /// The group.
    package var gid: UInt32

    /// Creates a user.
    package init(uid: UInt32, gid: UInt32) { (self.uid, self.gid) = (uid, gid) }
  }

  /// The inums of a process's namespaces, as in `/proc/PID/ns`, except the PID namespace.
  package struct Namespaces: Equatable, Sendable {
    /// Each by its name in `/proc/PID/ns`; time is 0 on a kernel without time namespaces.
    package var cgroup, ipc, mnt, net, time, user, uts: UInt32

    /// Creates the inums.
    package init(
      cgroup: UInt32, ipc: UInt32, mnt: UInt32, net: UInt32, time: UInt32, user: UInt32, uts: UInt32
    ) {
      (self.cgroup, self.ipc, self.mnt, self.net) = (cgroup, ipc, mnt, net)
      (self.time, self.user, self.uts) = (time, user, uts)
    }
  }

  /// Events without room in the buffer, of all earlier events.
  package var droppedBefore: UInt64
  /// When, in nanoseconds since boot.
  package var time: UInt64
  /// What happened.
  package var action: Action
  /// Its pid namespace, and the part of it that it is in.
  package var part: NamespacePart
  /// Its pid namespace.
  package var namespace: PIDNamespace { part.namespace }
  /// The numbers on the host.
  package var host: Numbers
  /// The numbers in its own namespace: getpid(), gettid(), getppid().
  package var inside: Numbers
  /// In the initial user namespace.
  package var user: User
  /// In its own user namespace: getuid(), getgid().
  package var userInside: User
  /// Its comm, at most 15 bytes; after an exec, the name of the file.
  package var comm: String
  /// The inode of its cgroup: in the hierarchy of ``CgroupController/first``, if it is in one there, otherwise in v2.
  package var cgroupID: UInt64
  /// Its other namespaces.
  package var namespaces: Namespaces

  /// Describes an event.
  package init(
    droppedBefore: UInt64 = 0, time: UInt64, action: Action, part: NamespacePart, host: Numbers,
    inside: Numbers, user: User,
    userInside: User, comm: String, cgroupID: UInt64, namespaces: Namespaces
  ) {
    self.droppedBefore = droppedBefore
    self.time = time
    self.action = action
    self.part = part
    self.host = host
    self.inside = inside
    self.user = user
    self.userInside = userInside
    self.comm = comm
    self.cgroupID = cgroupID
    self.namespaces = namespaces
  }
}
