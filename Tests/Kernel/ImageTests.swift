// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import JSON
import Testing
import YAML

extension KernelTests {
  /// The image, run as in deploy/kubernetes: its privileges and its counts.
  @Suite(.serialized) struct Image {
    private static let manifest = Result { try readManifest() }

    /// What the kubelet adds to a container: the API server's address and the service account.
    private final class Kubelet {
      let server: APIServer
      private let account: TemporaryFolder

      init() async throws {
        server = try await APIServer()
        server.require(token: "secret")
        account = try TemporaryFolder()
        try account.write("secret", to: "token")
        try account.write(server.certificates.authority, to: "ca.crt")
      }

      var environment: [String: String] {
        [
          "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)",
          "NODE_NAME": "node",
        ]
      }

      var mounts: [String: String] { ["/var/run/secrets/kubernetes.io/serviceaccount": account.url.path()] }
    }

    /// An exporter in a pod of containerd.
    private final class ContainedExporter: ServedExporter {
      let port: UInt16
      let container: CRIContainer

      init(port: UInt16, _ container: CRIContainer) throws {
        self.port = port
        self.container = container
        try eventually("the exporter is ready") { (try? get("/-/ready").status) == 200 }
      }

      func get(_ path: String) throws -> (status: Int, body: String) {
        let reply = try HTTP.exchange(port: port, "GET \(path) HTTP/1.0")
        return (reply.status, reply.body)
      }
    }

    @Test("podman runs the image with exactly the manifest's privileges, and all counts are exact")
    func podman() async throws {
      let manifest = try Self.manifest.get()
      let kubelet = try await Kubelet()
      let (archive, image) = try Self.image()
      let podman = try Podman()
      try podman.load(archive["image.tar"])
      let exporter = try RunningExporter(
        command: try podman.command(
          running: manifest, image: image, environment: kubelet.environment, mounts: kubelet.mounts), [])
      let pid = try #require(try Self.pid(servingAt: exporter.port))
      try Self.expectRights(pid)
      try Self.expectExact(exporter)
      try eventually("it has asked the API server") {
        try exporter.scrape()["pidns_kubernetes_last_event_timestamp_seconds"] > 0
      }
      #expect(exporter.stop() == 0)
      try await kubelet.server.stop()
    }

    @Test(
      "podman runs the image with the component `pinning`: the next container continues the counts of the last one"
    )
    func pinned() async throws {
      let manifest = try Self.manifest.get()
      let kubelet = try await Kubelet()
      let (archive, image) = try Self.image()
      let podman = try Podman()
      try podman.load(archive["image.tar"])
      let component = try String(
        contentsOf: Repository.root.appending(
          path: "deploy/kubernetes/components/pinning/kustomization.yaml"),
        encoding: .utf8)
      let flags = component.split(separator: "\n").compactMap { $0.split(separator: "value: ").last }
        .filter { $0.hasPrefix("--") }.map(String.init)
      #expect(flags.count == 2)
      for path in ["/bpf", "/state"] { #expect(component.contains("mountPath: \(path)\n")) }
      let pins = try PinFixture()
      let state = try pins.folder.makeFolder("run")
      func start() throws -> RunningExporter {
        try RunningExporter(
          command: try podman.command(
            running: manifest, image: image, environment: kubelet.environment, mounts: kubelet.mounts,
            writable: ["/bpf": pins.folder["bpf"], "/state": state]), flags)
      }
      let exporter = try start()
      try Self.expectRights(try #require(try Self.pid(servingAt: exporter.port)))
      let container = try Runc().start(RuntimeTests.specification(.untilStopped(count: 7, execs: 5)))
      let live = try container.untilReady()
      #expect(
        try exporter.scrape().differences(containerID: container.id, from: live.facts, mayLack: Self.off)
          == [])
      #expect(exporter.stop() == 0)
      let truth = try container.stopAndFinish()
      let next = try start()
      let scrape = try next.scrape()
      #expect(try scrape.differences(containerID: container.id, from: truth.facts, mayLack: Self.off) == [])
      #expect(try scrape["pidns_bpf_pinned"] == 1)
      #expect(next.stop() == 0)
      try await kubelet.server.stop()
    }

    @Test("containerd runs the image as a pod of the manifest, and all counts are exact")
    func containerd() async throws {
      let manifest = try Self.manifest.get()
      let kubelet = try await Kubelet()
      let (archive, image) = try Self.image()
      let containerd = try Containerd()
      try containerd.load(archive["image.tar"])
      let sandbox = try containerd.start(
        PodSpecification(
          namespace: "pidns-exporter", name: "pidns-exporter-x2x4k", isInHostNamespace: manifest.hostPID))
      let port = try HTTP.freePort()
      let container = try sandbox.start(
        manifest, image: image, arguments: RunningExporter.flags + ["--web.listen-address=127.0.0.1:\(port)"],
        environment: kubelet.environment, mounts: kubelet.mounts)
      let exporter = try ContainedExporter(port: port, container)
      try Self.expectRights(try container.initPID())
      try Self.expectExact(exporter)
      try eventually("it has asked the API server") {
        try exporter.scrape()["pidns_kubernetes_last_event_timestamp_seconds"] > 0
      }
      try sandbox.remove()
      try await kubelet.server.stop()
    }

    @Test("Only root can write to the image's files, and it contains one program")
    func files() throws {
      let (archive, _) = try Self.image()
      let listing = try Child.run(
        "/bin/sh",
        [
          "-c",
          "tar --extract --to-stdout --file \"$1\" --wildcards '*.tar' | tar --list --verbose --numeric-owner",
          "sh", archive["image.tar"],
        ])
      let lines = listing.stdout.split(separator: "\n").map {
        $0.split(separator: " ", omittingEmptySubsequences: true)
      }
      #expect(lines.count > 10, "\(listing.stderr)")
      for line in lines where line[0].first != "l" {
        #expect(line[1] == "0/0", "\(line)")
        let mode = Array(line[0])
        #expect(mode[5] != "w" && mode[8] != "w", "\(line)")
      }
      let programs = lines.filter { $0[0].first == "-" && $0[0].contains("x") && !$0[5].contains("lib") }
      #expect(programs.map { String($0[5]) } == ["usr/bin/pidns-exporter"])
    }

    /// A container beside it, whose events must all be counted.
    private static func expectExact(_ exporter: some ServedExporter) throws {
      let container = try Runc().start(RuntimeTests.specification(.untilStopped(count: 7, execs: 5)))
      let live = try container.untilReady()
      #expect(
        try exporter.scrape().differences(containerID: container.id, from: live.facts, mayLack: off) == [])
      let truth = try container.stopAndFinish()
      #expect(
        try exporter.scrape().differences(containerID: container.id, from: truth.facts, mayLack: off) == [])
    }

    /// The families that need flags.
    private static let off: Set<Facts.Kind> = [.execFailures, .exitCodes, .lifetimes]

    /// Checks that a process was started with exactly CAP_PERFMON and CAP_BPF, has given them up, cannot gain others,
    /// and cannot write.
    private static func expectRights(_ pid: Int32) throws {
      let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
      var status: [String: String] = [:]
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
        status[String(parts[0])] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
      }
      // CAP_PERFMON is 38, CAP_BPF 39. The runtime's bounding set stays, because CAP_SETPCAP is not in it.
      #expect(status["CapBnd"] == "000000c000000000")
      for set in ["CapPrm", "CapEff"] { #expect(status[set] == "0000000000000000", "\(set)") }
      #expect(status["NoNewPrivs"] == "1")
      #expect(status["Seccomp"] == "2")
      #expect(status["Uid"] == "0\t0\t0\t0")
      #expect(try PIDNamespaceLink.read(of: pid) == Scrape.host)
      let mounts = try String(contentsOfFile: "/proc/\(pid)/mounts", encoding: .utf8)
      let root = try #require(mounts.split(separator: "\n").last { $0.split(separator: " ")[1] == "/" })
      #expect(root.split(separator: " ")[3].split(separator: ",").contains("ro"))
    }

    private static func pid(servingAt port: UInt16) throws -> Int32? {
      let listed = try Child.run("/usr/bin/env", ["ss", "-Htlnp", "sport = :\(port)"]).stdout
      return listed.split(separator: "pid=").dropFirst().first.flatMap { Int32($0.prefix { $0.isNumber }) }
    }

    /// Builds the image from the built program, and returns its path and name.
    private static func image() throws -> (folder: TemporaryFolder, name: String) {
      let folder = try TemporaryFolder()
      let built = try Child.run(
        "/bin/bash",
        [
          Repository.root.appending(path: "deploy/container/build-image.sh").path(), Built.exporter.path(),
          folder["image.tar"],
        ])
      guard built.status == 0 else { throw TestFailure("build-image.sh: \(built.stderr)") }
      return (folder, "localhost/" + (try manifest.get().container.image))
    }

    private static func readManifest() throws -> PodManifest {
      struct Document: Decodable {
        struct Spec: Decodable { let template: Template }
        struct Template: Decodable { let spec: PodManifest }
        let spec: Spec
      }
      let text = try String(
        contentsOf: Repository.root.appending(path: "deploy/kubernetes/daemonset.yaml"), encoding: .utf8)
      let daemonSet = try #require(
        text.components(separatedBy: "\n---\n").first { $0.contains("kind: DaemonSet") })
      let json = try JSONSerialization.data(withJSONObject: Self.object(YAML.value(Array(daemonSet.utf8))))
      return try JSONDecoder().decode(Document.self, from: json).spec.template.spec
    }

    /// The form of a value that `JSONSerialization` writes.
    private static func object(_ value: JSONValue) -> Any {
      switch value {
      case .null: NSNull()
      case .bool(let bool): bool
      case .number(let number): Double(number) ?? .nan
      case .text(let text): text
      case .list(let list): list.map(object)
      case .object(let members): members.mapValues(object)
      }
    }
  }
}
