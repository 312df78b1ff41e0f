// SPDX-License-Identifier: Apache-2.0

import Containers
import Foundation
import Probe
import ProcessEvents

/// The lines of `events`: names and arguments are the processes' own, and no format lets them add a line or a field.
enum EventsTarget {
  static func run(_ input: [UInt8]) {
    var reader = InputReader(input)
    var records: [EventRecord] = []
    while !reader.isAtEnd && records.count < 4 { records.append(record(&reader)) }
    for format in EventFormat.allCases {
      var options = EventWriter.Options()
      options.showsArguments = true
      var writer = EventWriter(format, options: options)
      for record in records {
        var bytes: [UInt8] = []
        writer.write(record, to: &bytes)
        // A table begins with its header.
        let lines = bytes.count { $0 == 0x0A }
        check(lines == 1 || format == .table && lines == 2, "\(lines) lines")
        let text = String(decoding: bytes, as: UTF8.self)
        check(
          text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control },
          "control characters in \(text.debugDescription)")
        if format == .json { compare(record, with: bytes) }
      }
    }
  }

  private static func compare(_ record: EventRecord, with line: [UInt8]) {
    let json = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
    check(json?["comm"] as? String == record.event.comm, "comm of \(String(decoding: line, as: UTF8.self))")
    check(json?["container"] as? String == record.container.names.container, "container")
  }

  private static func record(_ reader: inout InputReader) -> EventRecord {
    let arguments = reader.bool() ? [reader.text(), reader.text()] : nil
    let action: ProcessEvent.Action =
      switch reader.byte() % 4 {
      case 0: .fork
      case 1: .exec(file: reader.text(), arguments: arguments, isCut: reader.bool())
      case 2:
        .exit(
          reason: .signaled, status: .signal(Int32(reader.byte()), dumpedCore: reader.bool()),
          lifetime: reader.number())
      default: .exit(reason: .error, status: .code(reader.byte()), lifetime: reader.number())
      }
    let pid = UInt32(reader.number(upTo: UInt64(UInt32.max)))
    let event = ProcessEvent(
      time: 1, action: action, part: NamespacePart(PIDNamespace(inum: pid, generation: 1)),
      host: .init(pid: pid, tid: pid, ppid: pid), inside: .init(pid: pid, tid: pid, ppid: pid),
      user: .init(uid: pid, gid: pid), userInside: .init(uid: pid, gid: pid), comm: reader.text(),
      cgroupID: reader.number(),
      namespaces: .init(cgroup: pid, ipc: pid, mnt: pid, net: pid, time: pid, user: pid, uts: pid))
    let names = Container.Names(
      namespace: reader.text(), pod: reader.text(), container: reader.text(), unit: reader.text())
    let time = WallTime(seconds: Int(reader.number(upTo: 1 << 37)), nanoseconds: 0)
    return EventRecord(event: event, container: Container(names: names, id: reader.text()), time: time)
  }
}
