// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@testable import Platform

/// A file that is replaced as a whole, in a folder of its own.
@Suite struct DurableFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("The file is read as it was written last, nothing else is left, and it is for nobody else")
  func replaced() throws {
    let file = try DurableFile(folder["state"])
    #expect(file.path == folder["state"])
    #expect(try file.read(upTo: 10) == nil)
    for bytes in [[1, 2, 3], [], [UInt8](repeating: 7, count: 100_000)] as [[UInt8]] {
      try file.replace(with: bytes)
      #expect(try file.read(upTo: 1 << 20) == bytes)
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path()).sorted() == [
        "state", "state.lock",
      ])
    let mode = try FileManager.default.attributesOfItem(atPath: folder["state"])[.posixPermissions]
    #expect(mode as? Int == 0o600)
  }

  @Test("A file that is too long, a folder and a symbolic link are not read")
  func refused() throws {
    let file = try DurableFile(folder["state"])
    try file.replace(with: [1, 2, 3])
    let tooLong = #expect(throws: DurableFile.Failure.self) { try file.read(upTo: 2) }
    #expect(tooLong?.description == "cannot read the file: it has more than 2 bytes")
    try folder.makeFolder("other")
    let other = try DurableFile(folder["other"])
    let isFolder = #expect(throws: DurableFile.Failure.self) { try other.read(upTo: 10) }
    #expect(isFolder?.description == "cannot read the file: it is not a regular file")
    #expect(unsafe mkfifo(folder["fifo"], 0o600) == 0)
    let fifo = try DurableFile(folder["fifo"])
    let isFIFO = #expect(throws: DurableFile.Failure.self) { try fifo.read(upTo: 10) }
    #expect(isFIFO?.description == "cannot read the file: it is not a regular file")
    let failure = #expect(throws: DurableFile.Failure.self) { try other.replace(with: [1]) }
    #expect(failure?.description.hasPrefix("cannot replace the file: ") == true)
    try FileManager.default.createSymbolicLink(atPath: folder["link"], withDestinationPath: folder["state"])
    let link = try DurableFile(folder["link"])
    let isLink = #expect(throws: DurableFile.Failure.self) { try link.read(upTo: 10) }
    #expect(isLink?.description == "cannot read the file: \(Errno.text(ELOOP))")
  }

  @Test("One process at a time has the file, also if it does not exist; others in the folder are free")
  func inUse() throws {
    do {
      let file = try DurableFile(folder["state"])
      #expect(throws: PrivateFolder.Problem.inUse) { _ = try DurableFile(folder["state"]) }
      try file.replace(with: [1])
      #expect(throws: PrivateFolder.Problem.inUse) { _ = try DurableFile(folder["state"]) }
      _ = try DurableFile(folder["other"])
      _ = consume file
    }
    let next = try DurableFile(folder["state"])
    #expect(try next.read(upTo: 10) == [1])
  }

  @Test("A broken file is renamed, in place of an earlier one")
  func setAside() throws {
    let file = try DurableFile(folder["state"])
    for byte in [1, 2] as [UInt8] {
      try file.replace(with: [byte])
      try file.setAside()
      #expect(try file.read(upTo: 10) == nil)
      #expect(try Data(contentsOf: URL(filePath: folder["state.broken"])) == Data([byte]))
    }
    #expect(throws: DurableFile.Failure.self) { try file.setAside() }
  }

  @Test("Paths that name no file, and folders that others can write in, are refused")
  func folders() throws {
    for name in ["", ".", ".."] {
      #expect(throws: PrivateFolder.Problem.errno(EISDIR)) {
        _ = try DurableFile("\(folder.url.path())/\(name)")
      }
    }
    #expect(throws: PrivateFolder.Problem.errno(ENOENT)) { _ = try DurableFile(folder["none/state"]) }
    try folder.write("", to: "file")
    #expect(throws: PrivateFolder.Problem.notAFolder) { _ = try DurableFile(folder["file/state"]) }
    try folder.makeFolder("open")
    #expect(unsafe chmod(folder["open"], 0o777) == 0)
    let problem = #expect(throws: PrivateFolder.Problem.self) { _ = try DurableFile(folder["open/state"]) }
    #expect(problem == .writableByOthers)
    #expect(problem?.description == "can be written by others than its owner")
    #expect(problem?.advice == "remove it, or run chmod go-w")
  }

  @Test("A folder is locked by one at a time")
  func locked() throws {
    let first = try PrivateFolder(opening: folder.url.path())
    let second = try PrivateFolder(opening: folder.url.path())
    let isLocked = (first.lock(), second.lock())
    #expect(isLocked == (true, false))
  }

  @Test("Hashes distinguish texts that follow each other, and have sixteen digits")
  func hash() {
    func hash(_ texts: String...) -> String {
      var hash = FNV()
      for text in texts { hash.add(text) }
      return hash.text
    }
    #expect(hash("ab", "c") != hash("a", "bc"))
    #expect(FNV().text == "cbf29ce484222325")
    var numbers = FNV()
    numbers.add(UInt32(1))
    #expect(numbers.text.count == 16 && numbers.text != FNV().text)
  }
}
