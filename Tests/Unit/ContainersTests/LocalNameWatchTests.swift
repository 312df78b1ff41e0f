// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Platform
import Testing

@testable import Containers

@Suite(.timeLimit(.minutes(5))) struct LocalNameWatchTests {
  private let folder: TemporaryFolder
  private let names: LocalNames

  init() throws {
    folder = try TemporaryFolder()
    names = LocalNames(dockerRoot: "\(folder.path)/docker", podmanRoots: ["\(folder.path)/podman"])
  }

  private func id(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  private func docker(_ number: Int, _ name: String) throws {
    try folder.write(
      Array(#"{"Name":"/\#(name)"}"#.utf8), to: "docker/containers/\(id(number))/config.v2.json")
  }

  private func podman(_ containers: [Int: String], driver: String = "overlay") throws {
    let entries = containers.map { #"{"id":"\#(id($0.key))","names":["\#($0.value)"]}"# }
    try folder.write(
      Array("[\(entries.joined(separator: ","))]".utf8), to: "podman/\(driver)-containers/containers.json")
  }

  private func remove(_ path: String) throws {
    try FileManager.default.removeItem(atPath: "\(folder.path)/\(path)")
  }

  private func name(_ number: Int, _ runtime: Runtime? = nil) -> String? {
    names.name(ofContainer: id(number), runtime: runtime)?.name
  }

  private func watch(interval: Duration = .milliseconds(50)) throws -> LocalNameWatch {
    try #require(LocalNameWatch(names, interval: interval))
  }

  @Test("A container that ends before the first look-up keeps its name for some minutes")
  func shortLives() throws {
    try podman([:])
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/docker/containers", withIntermediateDirectories: true)
    let watch = try watch()
    for number in 1...30 {
      try podman([number: "job-\(number)"])
      try docker(100 + number, "job-\(number)")
      try eventually("both are read") { names.followedCount == 2 }
      try remove("docker/containers/\(id(100 + number))")
      try podman([:])
      try eventually("both have ended") { names.endedCount == 2 * number }
    }
    for number in 1...30 {
      #expect(name(number) == "job-\(number)" && name(number, .podman) == "job-\(number)")
      #expect(name(100 + number, .docker) == "job-\(number)" && name(100 + number, .crio) == nil)
    }
    names.expire(at: .now + EndedNames.retention)
    #expect(names.endedCount == 0 && name(1) == nil && name(101) == nil)
    _ = watch
  }

  @Test("Another name is known at once, and raises the version")
  func renames() throws {
    try podman([1: "a", 2: "b"])
    try docker(3, "c")
    let watch = try watch()
    try eventually("the names are known") { names.version == 0 && name(3) == "c" && name(1) == "a" }
    try podman([1: "renamed", 2: "b"])
    try eventually("podman's is renamed") { names.version == 1 }
    #expect(name(1) == "renamed" && name(2) == "b")
    try docker(3, "renamed")
    try eventually("Docker's is renamed") { names.version == 2 }
    #expect(name(3, .docker) == "renamed")
    // The same again, new ones, and removed ones are no renaming.
    try docker(3, "renamed")
    try docker(4, "d")
    try podman([1: "renamed", 5: "e"])
    try remove("docker/containers/\(id(3))")
    try eventually("all is known") { names.endedCount == 2 && name(4) == "d" && name(5) == "e" }
    #expect(names.version == 2 && name(2) == "b" && name(3) == "renamed")
    _ = watch
  }

  @Test("A folder that appears later is followed, also one that was removed and made again")
  func lateFolders() throws {
    let watch = try watch()
    usleep(100_000)
    for round in 1...3 {
      let version = names.version
      try podman([round: "p"], driver: "vfs")
      try docker(10 + round, "d")
      try eventually("both are followed") {
        names.version > version && name(round) == "p" && name(10 + round) == "d"
      }
      usleep(150_000)
      try podman([:], driver: "vfs")
      try remove("docker/containers/\(id(10 + round))")
      try eventually("both have ended") { names.endedCount == 2 * round }
      #expect(name(round, .podman) == "p" && name(10 + round, .docker) == "d")
      try remove("podman")
      try remove("docker")
      usleep(150_000)
    }
    _ = watch
  }

  @Test("Of what happened while the kernel had no room for it, the end is seen")
  func overflow() throws {
    try docker(1, "first")
    try docker(2, "gone")
    let watch = try watch()
    try eventually("both are known") { names.version == 0 && name(1) == "first" && name(2) == "gone" }
    // More than fs.inotify.max_queued_events.
    for _ in 0..<20_000 {
      guard unsafe mkdir("\(folder.path)/docker/containers/x", 0o700) == 0,
        unsafe rmdir("\(folder.path)/docker/containers/x") == 0
      else { throw TestFailure("mkdir: \(errno)") }
    }
    try remove("docker/containers/\(id(2))")
    try docker(1, "last")
    try docker(3, "new")
    try eventually("all is known") {
      names.version == 1 && name(1) == "last" && names.endedCount == 1 && name(3) == "new"
    }
    #expect(name(2, .docker) == "gone")
    _ = watch
  }

  @Test("Only folders of containers are followed, not links, files and other names")
  func otherEntries() throws {
    let outside = try folder.write(Array(#"{"Name":"/evil"}"#.utf8), to: "outside/config.v2.json")
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/docker/containers", withIntermediateDirectories: true)
    let watch = try watch()
    usleep(100_000)
    let containers = "\(folder.path)/docker/containers"
    try FileManager.default.createSymbolicLink(
      atPath: "\(containers)/\(id(1))",
      withDestinationPath: URL(filePath: outside).deletingLastPathComponent().path)
    try folder.write([], to: "docker/containers/\(id(2))")
    try folder.write([1], to: "docker/containers/x/config.v2.json")
    try folder.makeFIFO("docker/containers/\(id(3))/config.v2.json")
    try docker(4, "web")
    try eventually("the last one is known") { name(4) == "web" }
    usleep(100_000)
    for number in 1...4 { try remove("docker/containers/\(id(number))") }
    try eventually("the last one has ended") { names.endedCount > 0 }
    usleep(100_000)
    #expect(names.endedCount == 1 && name(4) == "web" && name(3) == nil)
    _ = watch
  }

  @Test("A watch that was released ends its thread, and forgets what only it knew")
  func release() throws {
    try podman([1: "a"])
    var watch: LocalNameWatch? = try watch()
    try eventually("it follows") { name(1) == "a" }
    try podman([:])
    try eventually("it has ended") { names.endedCount == 1 }
    #expect(name(1) == "a")
    watch = nil
    try eventually("it is forgotten") { names.endedCount == 0 }
    #expect(name(1) == nil && watch == nil)
    try podman([1: "b"])
    #expect(name(1) == "b")
  }

  @Test("There are only so many names of removed containers, the latest ones")
  func bounds() {
    var ended = EndedNames()
    let now = ContinuousClock.now
    for number in 0..<(3 * EndedNames.limit) {
      ended.add(id(number), LocalName(name: "n\(number)", image: "")!, at: now)
      #expect(ended.count <= EndedNames.limit)
    }
    #expect(ended.count > EndedNames.limit * 3 / 4)
    #expect(ended[id(3 * EndedNames.limit - 1)]?.name.contains("n") == true && ended[id(0)] == nil)
    // A container that was restored and ended again stays as long as any other.
    var twice = EndedNames()
    let name = LocalName(name: "a", image: "")!
    twice.add(id(1), name, at: now)
    twice.add(id(1), name, at: now + .seconds(200))
    twice.expire(at: now + .seconds(301))
    #expect(twice.count == 1)
    twice.expire(at: now + .seconds(501))
    #expect(twice.count == 0)
  }

  @Test("A name that is empty or too long is none")
  func limits() {
    let long = String(repeating: "n", count: LocalNames.longestName)
    #expect(LocalName(name: "", image: "x") == nil && LocalName(name: long + "n", image: "") == nil)
    #expect(LocalName(name: long, image: long + "i")?.image == "")
  }
}
