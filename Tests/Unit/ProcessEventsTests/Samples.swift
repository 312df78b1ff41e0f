// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import ProcessEvents

/// Sample records, and the output of a writer for them.
enum Samples {
  static let time = WallTime(seconds: 1_795_387_501, nanoseconds: 42_000_007)

  static let exec = ProcessEvent.Action.exec(
    file: "/bin/sh", arguments: ["sh", "-c", "it's \"1\""], isCut: true)
  static let exit = ProcessEvent.Action.exit(reason: .error, status: .code(127), lifetime: 340_000_001)
  static let death = ProcessEvent.Action.exit(
    reason: .signaled, status: .signal(11, dumpedCore: true), lifetime: 273_600_000_000_000)
  static let completed = ProcessEvent.Action.exit(
    reason: .completed, status: .code(0), lifetime: 1_200_000_000)
  static let teardown = ProcessEvent.Action.exit(
    reason: .teardown, status: .signal(9, dumpedCore: false), lifetime: 200_000_000_000)
  static let actions = [exec, exit, death, completed, teardown, .fork, .oomKill]

  static let web = Container(
    names: Container.Names(namespace: "shop", pod: "cart-7d9f", container: "web"),
    id: "0123456789abcdef", runtime: "containerd")

  /// A process of container `web`, in which all numbers differ.
  static func record(
    _ action: ProcessEvent.Action, comm: String = "sh", container: Container = web, time: WallTime = time
  ) -> EventRecord {
    EventRecord(
      event: ProcessEvent(
        time: 1, action: action, part: NamespacePart(PIDNamespace(inum: 4_026_532_205, generation: 1)),
        host: .init(pid: 4_194_303, tid: 4_194_302, ppid: 4_194_301),
        inside: .init(pid: 11, tid: 12, ppid: 13),
        user: .init(uid: 100_033, gid: 100_034), userInside: .init(uid: 33, gid: 34), comm: comm,
        cgroupID: 7654,
        namespaces: .init(
          cgroup: 4_026_532_201, ipc: 4_026_532_202, mnt: 4_026_532_203, net: 4_026_532_204,
          time: 4_026_532_206, user: 4_026_532_207, uts: 4_026_532_208)),
      container: container, time: time)
  }

  /// Returns the output for records.
  static func text(
    _ records: [EventRecord], _ format: EventFormat, options: EventWriter.Options = .init()
  ) -> String {
    var writer = EventWriter(format, options: options)
    var bytes: [UInt8] = []
    for record in records { writer.write(record, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Options with arguments shown.
  static var withArguments: EventWriter.Options {
    var options = EventWriter.Options()
    options.showsArguments = true
    return options
  }
}
