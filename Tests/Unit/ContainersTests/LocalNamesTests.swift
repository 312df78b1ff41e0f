// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@testable import Containers

@Suite(.timeLimit(.minutes(10))) struct LocalNamesTests {
  private let folder: TemporaryFolder
  private let id = String(repeating: "0123456789abcdef", count: 4)
  private var names: LocalNames

  init() throws {
    folder = try TemporaryFolder()
    names = LocalNames(
      dockerRoot: "\(folder.path)/docker",
      podmanRoots: ["\(folder.path)/podman", "\(folder.path)/run"])
  }

  private func writeDocker(_ content: String, id: String? = nil) throws {
    try folder.write(Array(content.utf8), to: "docker/containers/\(id ?? self.id)/config.v2.json")
  }

  private func writePodman(
    _ content: String, root: String = "podman", driver: String = "overlay", file: String = "containers.json"
  ) throws {
    try folder.write(Array(content.utf8), to: "\(root)/\(driver)-containers/\(file)")
  }

  private func entry(_ name: String, image: String = "i", id: String? = nil) -> String {
    #"{"id":"\#(id ?? self.id)","names":["\#(name)"],"metadata":"{\"image-name\":\"\#(image)\"}"}"#
  }

  private mutating func found(_ runtime: Runtime?, id: String? = nil) -> String? {
    names.name(ofContainer: id ?? self.id, runtime: runtime).map { "\($0.name) \($0.image)" }
  }

  @Test("A Docker 20.10 container has the name that docker ps shows")
  mutating func docker() throws {
    let id = "d85351df13e01897393756ba74117879a876de132913dc626a06808d998ea3fd"
    let real = try TemporaryFolder.fixture("docker-20.10-config.v2.json")
    try folder.write(real, to: "docker/containers/\(id)/config.v2.json")
    #expect(found(.docker, id: id) == "web bb:latest")
    #expect(found(nil, id: id) == "web bb:latest")
    #expect(found(.docker) == nil)
    for runtime in Runtime.allCases where runtime != .docker { #expect(found(runtime, id: id) == nil) }
    // As after docker rename.
    try writeDocker(#"{"Name":"/other","Config":{"Image":"x"}}"#, id: id)
    #expect(found(.docker, id: id) == "other x")
  }

  @Test("podman 4.3 containers have the names that podman ps shows")
  mutating func podman() throws {
    let real = try TemporaryFolder.fixture("podman-4.3-containers.json")
    try folder.write(real, to: "podman/overlay-containers/containers.json")
    let expected = [
      ("be2aaec8335885aa38566957ef6cca4f02faf07e8884713c2e45040894941d60", "web-overlay"),
      ("210a51c7a156a8e0b3729f0b0c6f427f30ba8c0f709ff4c4bca88047931a9ae8", "inpod"),
      ("786efd7c08493b1d892e5b89aa3322a5c1094f35f4baff1474816906a530cbf7", "infallible_zhukovsky"),
    ]
    for (id, name) in expected {
      #expect(found(.podman, id: id) == "\(name) localhost/bb:latest")
      #expect(found(nil, id: id) == "\(name) localhost/bb:latest")
      #expect(found(.docker, id: id) == nil && found(.crio, id: id) == nil)
    }
    #expect(found(.podman) == nil)
  }

  @Test("All podman files are read, those of the first root first")
  mutating func podmanFiles() throws {
    for driver in ["overlay", "vfs", "btrfs", "zfs"] {
      for file in ["containers.json", "volatile-containers.json"] {
        try writePodman("[\(entry("run"))]", root: "run", driver: driver, file: file)
        #expect(found(.podman) == "run i")
        try writePodman("[\(entry("graph"))]", root: "podman", driver: driver, file: file)
        #expect(found(.podman) == "graph i")
        for root in ["podman", "run"] {
          try FileManager.default.removeItem(atPath: "\(folder.path)/\(root)")
        }
        #expect(found(.podman) == nil)
      }
    }
  }

  @Test("The podman file is read again only after it has changed")
  mutating func podmanChanges() throws {
    try writePodman("[\(entry("first"))]")
    let reads = try Reads(of: "\(folder.path)/podman/overlay-containers")
    #expect(found(.podman) == "first i")
    #expect(reads.happened())
    for _ in 0..<10 { #expect(found(.podman) == "first i") }
    #expect(found(.podman, id: String(repeating: "0", count: 64)) == nil)
    #expect(!reads.happened())
    try writePodman("[\(entry("other"))]")
    #expect(found(.podman) == "other i")
    #expect(reads.happened())
    // An invalid file is not read again until it changes.
    try writePodman("[\(entry("third"))")
    #expect(found(.podman) == nil)
    #expect(reads.happened())
    #expect(found(.podman) == nil)
    #expect(!reads.happened())
    try FileManager.default.removeItem(atPath: "\(folder.path)/podman")
    #expect(found(.podman) == nil)
  }

  @Test("Only a valid id becomes part of a path")
  mutating func idsThatAreNone() throws {
    for id in [
      "x", "..", "../../docker", String(id.dropLast()), "\(id)0", id.uppercased(), "\(id)/..", "./\(id)",
      String(repeating: "../", count: 21) + "a", String(repeating: ".", count: 64), "",
      String(repeating: "\u{0661}", count: 32),
    ] {
      // The path that a forged id would lead to: it is not read.
      try writeDocker(#"{"Name":"/evil"}"#, id: id.isEmpty ? "." : id)
      try writePodman("[\(entry("evil", id: id))]")
      for runtime in [nil, Runtime.docker, .podman] { #expect(found(runtime, id: id) == nil, "\(id)") }
    }
  }

  @Test(
    "Malformed files give no names",
    arguments: [
      "", " ", "\0", "{", "[", "null", "1", "\"x\"", "[]", "{}", "[1]", "[null]", "[[]]", #"{"Name":null}"#,
      #"{"Name":1}"#, #"{"Name":""}"#, #"{"Name":"/"}"#, #"{"Name":"/web"} x"#, #"{"Name":"/\ud800"}"#,
      #"[{"id":1}]"#, #"[{"id":"x"},{}]"#, "\u{FEFF}",
      String(repeating: "[", count: 200_000), String(repeating: #"{"Name":"#, count: 100_000),
    ])
  mutating func garbage(content: String) throws {
    try writeDocker(content)
    try writePodman(content)
    for runtime in [nil, Runtime.docker, .podman] { #expect(found(runtime) == nil) }
  }

  @Test("Incomplete entries give the names that they have")
  mutating func gaps() throws {
    for (entry, expected) in [
      (#"{"id":"ID"}"#, nil), (#"{"id":"ID","names":[]}"#, nil), (#"{"id":"ID","names":null}"#, nil),
      (#"{"id":"ID","names":["web","b"]}"#, "web "), (#"{"id":"ID","names":["web"],"metadata":""}"#, "web "),
      (#"{"id":"ID","names":["web"],"metadata":"{"}"#, "web "),
      (#"{"id":"ID","names":["web"],"metadata":"{\"image-name\":1}"}"#, "web "),
      (#"{"id":"ID","names":["old"]},{"id":"ID","names":["new"]}"#, "new "),
    ] as [(String, String?)] {
      try writePodman("[\(entry.replacingOccurrences(of: "ID", with: id))]")
      #expect(found(.podman) == expected, "\(entry)")
    }
    try writeDocker(#"{"Name":"/web"}"#)
    #expect(found(.docker) == "web ")
    try writeDocker(#"{"Name":"web","Config":{"Image":null}}"#)
    #expect(found(.docker) == "web ")
  }

  @Test("Text of a name is taken literally, up to a maximum length")
  mutating func hostileNames() throws {
    try writeDocker(#"{"Name":"/a\"b\\c\n../\u0000ü","Config":{"Image":"{}\"\n"}}"#)
    #expect(found(.docker) == "a\"b\\c\n../\0ü {}\"\n")
    let long = String(repeating: "n", count: LocalNames.longestName)
    try writeDocker(#"{"Name":"/\#(long)","Config":{"Image":"\#(long)"}}"#)
    #expect(found(.docker) == "\(long) \(long)")
    try writeDocker(#"{"Name":"/\#(long)n","Config":{"Image":"x"}}"#)
    #expect(found(.docker) == nil)
    try writeDocker(#"{"Name":"/web","Config":{"Image":"\#(long)n"}}"#)
    #expect(found(.docker) == "web ")
  }

  @Test("A file of the maximum size is read; one that is a byte longer is not")
  mutating func sizes() throws {
    func padded(_ json: String, to size: Int) -> String {
      json + String(repeating: " ", count: size - json.utf8.count)
    }
    try writeDocker(padded(#"{"Name":"/web"}"#, to: DockerNames.limit))
    #expect(found(.docker) == "web ")
    try writeDocker(padded(#"{"Name":"/web"}"#, to: DockerNames.limit + 1))
    #expect(found(.docker) == nil)
    try writePodman(padded("[\(entry("web"))]", to: PodmanNames.limit))
    #expect(found(.podman) == "web i")
    try writePodman(padded("[\(entry("web"))]", to: PodmanNames.limit + 1))
    #expect(found(.podman) == nil)
  }

  @Test("A FIFO, a symbolic link or a folder in place of a file gives no names and does not block")
  mutating func otherKinds() throws {
    let docker = "docker/containers/\(id)/config.v2.json"
    let podman = "podman/overlay-containers/containers.json"
    for path in [docker, podman] { try folder.makeFIFO(path) }
    #expect(found(nil) == nil)
    for path in [docker, podman] { try folder.replaceWithFolder(path) }
    #expect(found(nil) == nil)
    let (json, entries) = (#"{"Name":"/web"}"#, "[\(entry("web"))]")
    try folder.makeLink(docker, to: folder.write(Array(json.utf8), to: "elsewhere.json"))
    try folder.makeLink(podman, to: folder.write(Array(entries.utf8), to: "entries.json"))
    #expect(found(.docker) == nil && found(.podman) == nil)
    try writeDocker(json)
    try writePodman(entries)
    #expect(found(.docker) == "web " && found(.podman) == "web i")
  }
}
