// SPDX-License-Identifier: Apache-2.0

import Foundation
import Platform
import Harness
import Testing

@Suite(.timeLimit(.minutes(10))) struct RegularFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ path: String, upTo limit: Int = 100) -> [UInt8]? {
    RegularFile(opening: path)?.read(upTo: limit)
  }

  private func version(_ path: String) -> RegularFile.Version? { RegularFile(opening: path)?.version }

  @Test("A file is read completely, up to the size limit")
  func limits() throws {
    let path = try folder.write(Array(0..<100), to: "a")
    #expect(read(path) == Array(0..<100))
    #expect(read(path, upTo: 99) == nil)
    #expect(try read(folder.write([UInt8](), to: "empty"), upTo: 0) == [])
    let big = [UInt8](repeating: 7, count: 3 << 20)
    #expect(try read(folder.write(big, to: "big"), upTo: 3 << 20) == big)
  }

  @Test("Only regular files are opened, without blocking")
  func otherKinds() throws {
    try folder.makeFIFO("fifo")
    try folder.write(Array("x".utf8), to: "target")
    let link = try folder.makeLink("link", to: "target")
    let fifo = try folder.place("fifo")
    for path in [fifo, link, folder.path, "/dev/zero", "/dev/tty", "\(folder.path)/none", "", "\(link)/x"] {
      #expect(read(path) == nil, "\(path)")
    }
    #expect(read("\(folder.path)/target\0/../fifo") == nil)
    #expect(read("\(folder.path)/target") == Array("x".utf8))
  }

  @Test("A file that cannot be read gives nil")
  func unreadable() {
    // Root can open it, and nobody can read it.
    #expect(read("/proc/self/clear_refs") == nil)
  }

  @Test("The version changes exactly when the file is replaced or written")
  func versions() throws {
    let path = try folder.write(Array("x".utf8), to: "a")
    let first = version(path)
    #expect(first != nil && version(path) == first)
    try folder.write(Array("x".utf8), to: "a")
    let second = version(path)
    #expect(second != first)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.write(contentsOf: Array("yy".utf8))
    try handle.close()
    #expect(version(path) != second)
  }

  @Test("A file that changes its size while it is read is skipped")
  func growth() throws {
    for length in [1, 5] as [UInt64] {
      let path = try folder.write(Array("abc".utf8), to: "a")
      guard let file = RegularFile(opening: path) else { throw CocoaError(.fileNoSuchFile) }
      try FileHandle(forWritingAtPath: path)?.truncate(atOffset: length)
      #expect(file.read(upTo: 100) == nil)
    }
  }

  @Test("No file descriptor leaks")
  func descriptors() throws {
    let path = try folder.write(Array("abc".utf8), to: "a")
    func links() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      }
    }
    _ = version(path)
    _ = read(path)
    _ = read(path, upTo: 1)
    _ = read(folder.path)
    #expect(try !links().contains { $0.hasPrefix(folder.path) })
    guard let file = RegularFile(opening: path) else { throw CocoaError(.fileNoSuchFile) }
    #expect(try links().contains(path))
    #expect(file.version == version(path))
  }
}
