// SPDX-License-Identifier: Apache-2.0

import CPidns
import Testing

@testable import Probe

/// Calls the function that the BPF programs use.
@Suite struct ExemplarSumTests {
  private static func exemplar(_ number: UInt32) -> pidns_exemplar {
    var exemplar = pidns_exemplar()
    exemplar.time = 1_000_000_007 * UInt64(number)
    exemplar.pid = number
    exemplar.host_pid = 70_000 + number
    exemplar.ppid = 1
    unsafe withUnsafeMutableBytes(of: &exemplar.comm) { bytes in
      unsafe bytes.copyBytes(from: "worker-\(number)".utf8)
    }
    exemplar.sum = unsafe exemplar_sum(&exemplar)
    return exemplar
  }

  private static let words = MemoryLayout<pidns_exemplar>.size / 8

  @Test("A complete record is accepted", arguments: [1, 2, 255, 256, 4_194_303])
  func whole(number: UInt32) throws {
    let process = try #require(ProcessExemplar(.exec, Self.exemplar(number)))
    #expect(
      process
        == ProcessExemplar(
          .exec, time: 1_000_000_007 * UInt64(number), pid: number, hostPID: 70_000 + number, ppid: 1,
          comm: "worker-\(number)"))
  }

  @Test("The checksum detects each flipped bit", arguments: [1, 2, 255, 256, 4_194_303])
  func flippedBits(number: UInt32) {
    for bit in 0..<MemoryLayout<pidns_exemplar>.size * 8 {
      var flipped = Self.exemplar(number)
      unsafe withUnsafeMutableBytes(of: &flipped) { bytes in
        unsafe bytes[bit / 8] ^= 1 << (bit % 8)
      }
      #expect(ProcessExemplar(.exec, flipped) == nil, "bit \(bit)")
    }
  }

  @Test("The checksum detects each mixture of two successive processes' words")
  func mixtures() {
    for number in 1...2000 as ClosedRange<UInt32> {
      let old = Self.exemplar(number)
      let new = Self.exemplar(number + 1)
      for mask in 1..<(1 << Self.words) - 1 {
        var mixture = old
        unsafe withUnsafeMutableBytes(of: &mixture) { target in
          unsafe withUnsafeBytes(of: new) { source in
            for byte in 0..<Self.words * 8 where mask >> (byte / 8) & 1 == 1 {
              unsafe target[byte] = unsafe source[byte]
            }
          }
        }
        let isOneOfThem = Self.isSame(mixture, old) || Self.isSame(mixture, new)
        #expect(mixture.isWhole == isOneOfThem, "\(number), words \(mask)")
      }
    }
  }

  private static func isSame(_ first: pidns_exemplar, _ second: pidns_exemplar) -> Bool {
    unsafe withUnsafeBytes(of: first) { first in
      unsafe withUnsafeBytes(of: second) { second in unsafe first.elementsEqual(second) }
    }
  }

  @Test("An unwritten record gives nil")
  func none() {
    var empty = pidns_exemplar()
    empty.sum = unsafe exemplar_sum(&empty)
    #expect(empty.isWhole)
    #expect(ProcessExemplar(.exec, empty) == nil)
    #expect(ProcessExemplar(.exec, pidns_exemplar()) == nil)
  }

  @Test(
    "A name ends at its first NUL, and invalid UTF-8 is repaired",
    arguments: [
      ([0x61, 0, 0x62], "a"), (Array(repeating: 0xff, count: 15), String(repeating: "\u{fffd}", count: 15)),
      ([0xf0, 0x9f, 0x90], "\u{fffd}"), ([], ""), (Array("a\"b\\\n".utf8), "a\"b\\\n"),
    ] as [([UInt8], String)])
  func names(bytes: [UInt8], name: String) {
    var exemplar = pidns_exemplar()
    exemplar.time = 1
    unsafe withUnsafeMutableBytes(of: &exemplar.comm) { unsafe $0.copyBytes(from: bytes) }
    exemplar.sum = unsafe exemplar_sum(&exemplar)
    #expect(ProcessExemplar(.oomKill, exemplar)?.comm == name)
  }
}
