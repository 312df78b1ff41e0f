// SPDX-License-Identifier: Apache-2.0

import CPidns

extension ProcessEvent {
  /// Decodes a record of the BPF programs; nil for an unknown kind.
  init?(record: UnsafeRawBufferPointer) {
    let head = MemoryLayout<pidns_event>.size
    guard record.count >= head else { return nil }
    let event = unsafe record.loadUnaligned(as: pidns_event.self)
    let text = unsafe UnsafeRawBufferPointer(rebasing: record[head...])
    guard let action = unsafe Action(event, text) else { return nil }
    self.init(
      droppedBefore: event.dropped, time: event.time, action: action,
      part: NamespacePart(PIDNamespace(event.namespace), cgroup: event.part_cgroup),
      host: Numbers(pid: event.host_pid, tid: event.host_tid, ppid: event.host_ppid),
      inside: Numbers(pid: event.pid, tid: event.tid, ppid: event.ppid),
      user: User(uid: event.uid, gid: event.gid),
      userInside: User(uid: event.inner_uid, gid: event.inner_gid),
      comm: unsafe withUnsafeBytes(of: event.comm) { unsafe String(untilNUL: $0[...]) },
      cgroupID: event.cgroup_id,
      namespaces: Namespaces(
        cgroup: event.cgroup_ns, ipc: event.ipc_ns, mnt: event.mnt_ns, net: event.net_ns,
        time: event.time_ns, user: event.user_ns, uts: event.uts_ns))
  }
}

extension ProcessEvent.Action {
  /// - Parameter text: The file and the arguments of an exec.
  fileprivate init?(_ event: pidns_event, _ text: UnsafeRawBufferPointer) {
    switch pidns_event_kind(event.kind) {
    case PIDNS_FORKED: self = .fork
    case PIDNS_OOM_KILLED: self = .oomKill
    case PIDNS_EXITED:
      guard let reason = ExitReason(rawValue: Int(event.reason)) else { return nil }
      self = .exit(
        reason: reason, status: ProcessEvent.ExitStatus(waitStatus: event.status), lifetime: event.lifetime)
    case PIDNS_EXECED:
      let fileEnd = min(Int(event.file_length), text.count)
      let end = min(fileEnd + Int(event.arguments_length), text.count)
      let isCut = event.arguments_cut != 0
      self = .exec(
        file: unsafe String(untilNUL: text[..<fileEnd]),
        arguments: end > fileEnd ? unsafe Self.arguments(text[fileEnd..<end]) : nil, isCut: isCut)
    default: return nil
    }
  }

  /// Each has a NUL after it, but for one that is cut.
  private static func arguments(_ bytes: Slice<UnsafeRawBufferPointer>) -> [String] {
    var arguments: [String] = []
    var rest = unsafe bytes
    while unsafe !rest.isEmpty {
      let argument = unsafe rest.prefix { $0 != 0 }
      unsafe arguments.append(String(decoding: argument, as: UTF8.self))
      unsafe rest = unsafe rest.dropFirst(argument.count + 1)
    }
    return arguments
  }
}

extension ProcessEvent.ExitStatus {
  /// Decodes the status that wait() returns.
  init(waitStatus status: UInt32) {
    let signal = Int32(status & 0x7f)
    self =
      signal == 0
      ? .code(UInt8(truncatingIfNeeded: status >> 8)) : .signal(signal, dumpedCore: status & 0x80 != 0)
  }
}

extension String {
  /// Reads a text of the kernel's, up to its NUL or its end.
  fileprivate init(untilNUL bytes: Slice<UnsafeRawBufferPointer>) {
    unsafe self.init(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
