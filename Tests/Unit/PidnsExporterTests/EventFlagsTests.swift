// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProcessEvents
import Terminal
import Testing

@testable import pidns_exporter

@Suite struct EventFlagsTests {
  @Test(
    "A size is a number with a unit, or bytes",
    arguments: [
      ("4096", 4096), ("64KiB", 65_536), ("4MiB", 4_194_304), ("1GiB", 1_073_741_824), ("0", 0), ("007", 7),
      ("", nil), ("MiB", nil), ("4 MiB", nil), ("+4", nil), ("-4", nil), ("4MB", nil), ("4mib", nil),
      ("1.5MiB", nil), ("٤", nil), ("18446744073709551616", nil), ("17179869184GiB", nil),
    ] as [(String, UInt64?)])
  func sizes(text: String, bytes: UInt64?) {
    #expect(ByteSize(argument: text)?.bytes == bytes)
  }

  @Test(
    "The ring buffer size is rounded up to a power of two, from 4096 bytes to 1 GiB",
    arguments: [
      (1, 4096), (4096, 4096), (4097, 8192), (100_000, 131_072), (1 << 30, 1 << 30), (0, nil),
      ((1 << 30) + 1, nil), (UInt64.max, nil),
    ] as [(UInt64, UInt32?)])
  func ringBuffers(bytes: UInt64, size: UInt32?) {
    #expect(ByteSize(bytes: bytes).ringBufferBytes == size)
  }

  @Test(
    "A size is printed in the form that the flag accepts",
    arguments: ["4MiB", "64KiB", "1GiB", "5000", "0", "1025KiB"])
  func shownSize(text: String) {
    #expect(ByteSize(argument: text)?.description == text)
  }

  @Test("Without flags, all events are shown as a table")
  func defaults() throws {
    let flags = try EventFlags.parse([])
    #expect(flags.selection == EventSelection())
    #expect(flags.format == .table && flags.color == .auto && flags.ringBufferBytes == 4 << 20)
    #expect(!flags.showsForks && !flags.showsOOMKills && flags.count == nil && flags.duration == nil)
  }

  @Test("Filters can be repeated")
  func filters() throws {
    let flags = try EventFlags.parse([
      "--pidns", "4026532000", "--pidns", "4026532001", "--container", "web", "--pod", "shop/cart", "--comm",
      "sh",
      "--comm", "bash", "--uid", "0", "--failed", "--userns",
    ])
    var expected = EventSelection()
    expected.pidNamespaces = [4_026_532_000, 4_026_532_001]
    expected.containers = ["web"]
    expected.pods = try [#require(EventSelection.PodRule("shop/cart"))]
    expected.comms = ["sh", "bash"]
    expected.uids = [0]
    expected.userView = .own
    expected.failedOnly = true
    #expect(flags.selection == expected)
  }

  @Test(
    "Contradicting flags are reported in one line",
    arguments: [
      (["--count", "0"], "--count has to be at least 1: write a number of events such as 10"),
      (["--duration", "0"], "--duration has to be more than 0: write 30s or 1m30s"),
      (["--container", ""], "--container is empty: write a name"),
      (["--pod", ""], "--pod is empty: write a name"),
      (["--pod", "a/b/c"], "--pod 'a/b/c' is not a pod: write NAME or NAMESPACE/NAME"),
      (["--pod", "\u{1b}/"], "--pod '\u{fffd}/' is not a pod: write NAME or NAMESPACE/NAME"),
      (
        ["--comm", "sixteen-bytes-it"],
        "--comm 'sixteen-bytes-it' is too long: the kernel keeps 15 bytes, write the first 15"
      ),
      (
        ["--bpf.ring-buffer", "2GiB"], "--bpf.ring-buffer has to be from 1 byte to 1GiB: write 64KiB or 4MiB"
      ),
      (["--bpf.ring-buffer", "0"], "--bpf.ring-buffer has to be from 1 byte to 1GiB: write 64KiB or 4MiB"),
    ])
  func errors(arguments: [String], message: String) {
    let error = #expect(throws: (any Error).self) { try EventFlags.parse(arguments) }
    #expect(error.map { EventFlags.message(for: $0) } == message)
  }

  @Test(
    "Colours need a terminal; NO_COLOR disables them unless a flag requests them",
    arguments: [
      (ColorChoice.auto, true, [:], true), (.auto, false, [:], false),
      (.auto, true, ["NO_COLOR": "1"], false),
      (.auto, true, ["NO_COLOR": ""], true), (.auto, true, ["TERM": "dumb"], false),
      (.always, false, ["NO_COLOR": "1"], true), (.never, true, [:], false),
    ] as [(ColorChoice, Bool, [String: String], Bool)])
  func colors(choice: ColorChoice, isTerminal: Bool, environment: [String: String], isOn: Bool) {
    #expect(choice.isOn(isTerminal: isTerminal, environment: environment) == isOn)
  }
}
