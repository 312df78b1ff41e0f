// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// The actions that the exporter cannot perform after its start. All other suites test what it still can: it is on by
  /// default.
  @Suite(.serialized) struct Confined {
    /// A line of /proc/PID/status of each thread.
    private static func threads(of pid: Int32) throws -> [[String: String]] {
      let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
      return try tasks.map { task in
        let text = try String(contentsOfFile: "/proc/\(pid)/task/\(task)/status", encoding: .utf8)
        return Dictionary(
          text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2
              ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
          }, uniquingKeysWith: { first, _ in first })
      }
    }

    private static let none = "0000000000000000"
    private static let sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]

    @Test("No thread has a capability, all have no_new_privs and the filter")
    func allThreads() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter()
      try eventually("the pods are listed") {
        try exporter.scrape()["pidns_kubernetes_last_event_timestamp_seconds"] > 0
      }
      let threads = try Self.threads(of: exporter.child.pid)
      // Polls, the server, the pod watch, the names of containers.
      #expect(threads.count >= 4, "\(threads.compactMap { $0["Name"] })")
      for thread in threads {
        for set in Self.sets { #expect(thread[set] == Self.none, "\(set)") }
        #expect(thread["NoNewPrivs"] == "1")
        #expect(thread["Seccomp"] == "2")
      }
      try await cluster.end()
    }

    @Test(
      "Files that the kubelet replaces are read again, and an exec plugin runs again",
      arguments: [
        "tokenFile: account/token",
        "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin}",
      ])
    func credentials(user: String) async throws {
      let server = try await APIServer()
      server.require(token: "first")
      let folder = try TemporaryFolder()
      // As the kubelet does: files are links into a folder that is replaced.
      for (version, token) in [("1", "first"), ("2", "second")] {
        try folder.makeFolder("account/\(version)")
        try folder.write(token, to: "account/\(version)/token")
        try folder.write(server.certificates.authority, to: "account/\(version)/ca.crt")
      }
      let files = FileManager.default
      try files.createSymbolicLink(atPath: folder["account/..data"], withDestinationPath: "1")
      for name in ["token", "ca.crt"] {
        try files.createSymbolicLink(atPath: folder["account/\(name)"], withDestinationPath: "..data/\(name)")
      }
      let plugin = try folder.write(
        """
        #!/bin/sh
        printf '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "%s"}}' \
          "$(cat \(folder["account/token"]))"
        """, to: "plugin")
      #expect(unsafe chmod(plugin, 0o700) == 0)
      let kubeconfig = try folder.write(
        """
        current-context: test
        contexts: [{name: test, context: {cluster: test, user: exporter}}]
        clusters:
        - name: test
          cluster: {server: "https://127.0.0.1:\(server.port)", certificate-authority: account/ca.crt}
        users: [{name: exporter, user: {\(user)}}]
        """, to: "kubeconfig")
      let exporter = try RunningExporter("--kubernetes.kubeconfig=\(kubeconfig)", "--kubernetes.node=node")
      try eventually("the pods are watched") { server.watches == 1 }
      for thread in try Self.threads(of: exporter.child.pid) {
        #expect(thread["CapEff"] == Self.none && thread["Seccomp"] == "2")
      }

      try files.createSymbolicLink(atPath: folder["account/..new"], withDestinationPath: "2")
      #expect(unsafe rename(folder["account/..new"], folder["account/..data"]) == 0)
      server.require(token: "second")
      try await server.disconnect()
      try await server.reconnect()
      try eventually("the pods are watched again") {
        server.watches == 1 && server.requests.last?.token?.hasSuffix("second") == true
      }
      _ = exporter.stop()
      try await server.stop()
    }

    @Test("Certificates of the server are read again, passwords are compared, and the unix socket is removed")
    func webConfiguration() throws {
      let authority = try CertificateAuthority()
      let folder = authority.folder
      for name in ["server", "next"] {
        try authority.issue(name, names: "DNS:localhost,IP:127.0.0.1", purpose: "serverAuth")
      }
      // `secret`, with cost 4.
      let hash = "$2y$04$X0h1gDsPszWURQaxFh.zouZdfSt7HzEy4CLiI.zRYe8se5CVhYyZ."
      let file = try folder.write(
        """
        tls_server_config: {cert_file: server.crt, key_file: server.key}
        basic_auth_users: {prometheus: \(hash)}
        """, to: "web.yml")
      let port = try HTTP.freePort()
      let socket = folder["socket"]
      let child = try Child(
        Built.exporter.path(),
        [
          "--web.config.file=\(file)", "--web.listen-address=127.0.0.1:\(port)",
          "--web.listen-address=unix:\(socket)", "--poll.interval=100ms",
        ])
      func curl(_ password: String, _ arguments: String...) throws -> String {
        try Child.run(
          "/usr/bin/curl",
          [
            "--silent", "--verbose", "--cacert", folder["ca.crt"], "--user", "prometheus:\(password)",
            "--write-out", "status=%{http_code}", "https://localhost:\(port)/metrics",
          ] + arguments
        ).stdout
      }
      try eventually("it is ready") { try curl("secret").hasSuffix("status=200") }
      #expect(try curl("wrong").hasSuffix("status=401"))
      #expect(try curl("secret", "--unix-socket", socket).hasSuffix("status=200"))
      for thread in try Self.threads(of: child.pid) {
        #expect(thread["CapEff"] == Self.none && thread["Seccomp"] == "2")
      }

      let before = try #require(try Self.reloadTime(curl("secret")))
      for kind in ["crt", "key"] {
        #expect(unsafe rename(folder["next.\(kind)"], folder["server.\(kind)"]) == 0)
      }
      try eventually("the certificate is read again") {
        try Self.reloadTime(curl("secret")).map { $0 > before } ?? false
      }
      #expect(try curl("secret").contains("pidns_web_config_last_reload_successful 1"))
      try folder.write("not a key\n", to: "server.key")
      try eventually("the page shows that a changed key is refused") {
        try curl("secret").contains("pidns_web_config_last_reload_successful 0")
      }
      child.signal(SIGTERM)
      #expect(child.wait() == 0, "\(child.stderr)")
      #expect(!FileManager.default.fileExists(atPath: socket))
    }

    /// When the web configuration was read last, by a page of metrics.
    private static func reloadTime(_ page: String) -> Double? {
      page.split(separator: "\n").first {
        $0.hasPrefix("pidns_web_config_last_reload_success_timestamp_seconds ")
      }.flatMap { Double($0.split(separator: " ")[1]) }
    }

    @Test("An unprivileged user's two capabilities are dropped, too")
    func unprivileged() throws {
      let exporter = try RunningExporter(
        wrapper: [
          "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
          "--inh-caps=-all,+bpf,+perfmon",
          "--ambient-caps=-all,+bpf,+perfmon", "--bounding-set=-all,+bpf,+perfmon",
        ])
      for thread in try Self.threads(of: exporter.child.pid) {
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(thread[set] == Self.none, "\(set)") }
        #expect(thread["Seccomp"] == "2")
      }
      #expect(try exporter.scrape()["pidns_up"] == 1)
    }

    @Test("Single events are shown by a confined process")
    func events() throws {
      let events = try RunningEvents()
      for thread in try Self.threads(of: events.child.pid) {
        for set in Self.sets { #expect(thread[set] == Self.none, "\(set)") }
        #expect(thread["Seccomp"] == "2")
      }
    }

    @Test("Flags keep a capability, or everything")
    func flags() throws {
      let keeping = try RunningExporter("--capabilities.keep=CAP_DAC_READ_SEARCH,cap_syslog")
      for thread in try Self.threads(of: keeping.child.pid) {
        for set in ["CapPrm", "CapEff", "CapBnd"] { #expect(thread[set] == "0000000400000004") }
      }
      let open = try RunningExporter("--no-confinement")
      for thread in try Self.threads(of: open.child.pid) {
        #expect(thread["CapEff"] != Self.none)
        #expect(thread["NoNewPrivs"] == "0")
        #expect(thread["Seccomp"] == "0")
      }
    }

    /// The actions that fail with another error, or not at all, in a process that is not confined.
    private static let denied = [
      "write", "truncate", "create", "mkdir", "rename", "unlink", "chmod", "fchmod", "execve", "fork",
      "ptrace",
      "process_vm_readv", "signal", "unshare", "setns", "bpf map create", "bpf program load",
      "bpf link create",
      "mount", "init_module", "kexec_load", "reboot", "perf_event_open", "keyctl", "io_uring_setup",
      "open_by_handle_at", "settimeofday", "raw socket", "packet socket", "udp socket", "unix socket", "bind",
      "connect", "listen",
      "executable memory", "writable executable memory", "make memory executable",
    ]
    /// Of these, those that are denied to an exec plugin, too.
    private static let deniedToPrograms: Set<String> = [
      "ptrace", "process_vm_readv", "unshare", "setns", "bpf map create", "bpf program load",
      "bpf link create",
      "mount", "init_module", "kexec_load", "reboot", "perf_event_open", "keyctl", "io_uring_setup",
      "open_by_handle_at", "settimeofday", "raw socket", "packet socket",
    ]

    /// Runs the probe, and returns its lines by name.
    private func probe(_ flags: String..., in folder: TemporaryFolder) throws -> [String: String] {
      let probe = Built.confinementProbe.path()
      let (status, stdout, stderr) = try Child.run(probe, ["--scratch", folder.url.path()] + flags)
      #expect(status == 0, "\(stderr)")
      var results: [String: String] = [:]
      for line in stdout.split(separator: "\n") {
        guard let space = line.lastIndex(of: " ") else { continue }
        results[String(line[..<space])] = String(line[line.index(after: space)...])
      }
      return results
    }

    /// A folder with a file, for its owner only.
    private static func folder() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try folder.write("text", to: "file")
      #expect(unsafe chmod(folder.url.path(), 0o700) == 0)
      return folder
    }

    private func isDenied(_ result: String?) -> Bool { result == "EPERM" || result == "EACCES" }

    @Test("Each action that is denied is possible before")
    func actions() throws {
      let folder = try Self.folder()
      let outside = try probe(in: folder)
      let inside = try probe("--confined", in: folder)
      #expect(inside["filter"] == "true")
      #expect(inside["effective"] == "")
      for action in Self.denied {
        #expect(outside[action] != nil && !isDenied(outside[action]), "\(action): \(outside[action] ?? "")")
        #expect(isDenied(inside[action]), "\(action): \(inside[action] ?? "")")
      }
      #expect(inside["clone3"] == "ENOSYS")
      #expect(isDenied(inside["tcp socket"]))
      for (name, result) in inside where name.hasPrefix("needed") {
        #expect(!isDenied(result), "\(name): \(result)")
      }
      // Only with Landlock, which this kernel may lack.
      if inside["landlock"] != "0" {
        #expect(outside["read"] == "0" && outside["environment of another process"] == "0")
        #expect(isDenied(inside["read"]) && isDenied(inside["environment of another process"]))
      }
    }

    @Test("A folder that is needed can be read and not written")
    func folders() throws {
      let folder = try Self.folder()
      let result = try probe("--confined", "--folder", folder.url.path(), in: folder)
      #expect(result["read"] == "0")
      for action in ["write", "truncate", "create", "mkdir"] {
        #expect(isDenied(result[action]), "\(action)")
      }
      // A folder that is not there yet.
      let later = try probe("--confined", "--folder", folder["later/folder"], in: folder)
      #expect(later["read"] == "0")
      // The folder of a file that is replaced.
      #expect(try probe("--confined", "--file", folder["token"], in: folder)["read"] == "0")
    }

    @Test("The state is replaced, and no other file is written")
    func state() throws {
      let (folder, state) = (try Self.folder(), try Self.folder())
      let outside = try probe("--state", state["state"], in: folder)
      let inside = try probe("--confined", "--state", state["state"], in: folder)
      #expect(outside["state replaced"] == "0" && inside["state replaced"] == "0")
      #expect(try Data(contentsOf: URL(filePath: state["state"])) == Data([1]))
      for action in ["write", "truncate", "create", "mkdir", "rename", "state for appending"] {
        #expect(!isDenied(outside[action]) && isDenied(inside[action]), "\(action): \(inside[action] ?? "")")
      }
      // By the folder's descriptor, a path can lead elsewhere: that is for Landlock, which this kernel may lack.
      for action in ["state elsewhere", "state above"] where inside["landlock"] != "0" {
        #expect(outside[action] == "0" && isDenied(inside[action]), "\(action): \(inside[action] ?? "")")
      }
      #expect(unsafe unlink(state["../above"]) == 0 || errno == ENOENT)
    }

    @Test("Requests go to the API server's port only")
    func requests() throws {
      let folder = try Self.folder()
      let any = try probe("--confined", "--port", "any", in: folder)
      #expect(any["tcp socket"] == "0" && any["connect"] == "ECONNREFUSED")
      #expect(isDenied(any["raw socket"]) && isDenied(any["bind"]) && isDenied(any["listen"]))
      for kind in ["udp socket", "unix socket"] {
        #expect(isDenied(any[kind]), "\(kind): \(any[kind] ?? "")")
      }
      let named = try probe("--confined", "--port-of-name", "any", in: folder)
      #expect(named["udp socket"] == "0" && named["unix socket"] == "0" && isDenied(named["raw socket"]))
      let one = try probe("--confined", "--port", "1", in: folder)
      #expect(one["connect"] == "ECONNREFUSED")
      let other = try probe("--confined", "--port", "2", in: folder)
      if let version = other["landlock"].flatMap({ Int($0) }), version >= 4 {
        #expect(other["connect"] == "EACCES")
      }
    }

    @Test("An exec plugin can be started, and cannot reach for the kernel")
    func programs() throws {
      let result = try probe("--confined", "--programs", in: try Self.folder())
      #expect(result["filter"] == "true")
      for action in Self.denied {
        #expect(isDenied(result[action]) == Self.deniedToPrograms.contains(action), "\(action)")
      }
    }

    @Test("CAP_BPF stays on a kernel where the counters cannot be read without it")
    func oldKernel() throws {
      let result = try probe("--confined", "--old-kernel", in: try Self.folder())
      #expect(result["effective"] == "CAP_BPF")
    }

    @Test("CAP_DAC_READ_SEARCH stays if a folder of another user must be read")
    func otherUser() throws {
      let folder = try Self.folder()
      #expect(unsafe chown(folder.url.path(), 65534, 65534) == 0)
      let result = try probe("--confined", "--folder", folder.url.path(), in: folder)
      #expect(result["effective"] == "CAP_DAC_READ_SEARCH")
      #expect(result["read"] == "0")
    }
  }
}
