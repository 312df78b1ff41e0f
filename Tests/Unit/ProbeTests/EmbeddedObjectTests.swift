// SPDX-License-Identifier: Apache-2.0

import LibBPF
import Testing
import Text

@testable import Probe

@Suite struct EmbeddedObjectTests {
  @Test("The embedded object is a BPF ELF file")
  func embedded() {
    let bytes = Base64.decode(EmbeddedObject.counters)
    #expect(bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
    #expect(bytes[18] == 247)
  }

  @Test("The object has each map under its look-up name")
  func maps() throws {
    let counters = try BPFObject(embedded: EmbeddedObject.counters, name: "counters")
    for map in CounterMap.allCases { _ = try counters.map(map) }
    let events = try BPFObject(embedded: EmbeddedObject.events, name: "events")
    for map in EventMap.allCases { _ = try events.map(map) }
    _ = try counters.map(BPFObject.configurationSection)
    _ = try events.map(BPFObject.configurationSection)
  }

  @Test("The tables of programs have every program of the objects, and no other")
  func programs() throws {
    func names<Program: CaseIterable & Equatable & RawRepresentable<String>>(_ redundant: [Program])
      -> [String]
    {
      Program.allCases.flatMap { program in
        RedundantPrograms(mayBeSkipped: redundant.contains(program)).programs(program)
      }
    }
    let counters = try BPFObject(embedded: EmbeddedObject.counters, name: "counters")
    #expect(counters.programNames.sorted() == names(CounterProgram.redundant).sorted())
    let events = try BPFObject(embedded: EmbeddedObject.events, name: "events")
    #expect(events.programNames.sorted() == names(EventProgram.redundant).sorted())
  }
}
