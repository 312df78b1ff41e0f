// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The error output: one line, and an exit code.
  @Suite(.serialized) struct Errors {
    static let exporter = Built.exporter.path()
    static let listen = "--web.listen-address=127.0.0.1:0"

    /// Runs a command that must fail, and returns its only line.
    func failure(_ command: String..., code: Int32) throws -> String {
      let (status, _, stderr) = try Child.run(command[0], Array(command.dropFirst()))
      #expect(status == code)
      let lines = stderr.split(separator: "\n").filter { !$0.hasPrefix("ts=") }
      #expect(lines.count == 1, "\(stderr)")
      #expect(lines.first?.hasPrefix("pidns-exporter: ") == true)
      return lines.first.map(String.init) ?? ""
    }

    @Test(
      "A wrong flag is a usage error",
      arguments: [
        (["--no-such-flag"], "--no-such-flag"),
        (["--poll.interval=soon"], "poll.interval"),
        (["--poll.interval=1ms"], "10ms"),
        (["--web.listen-address=10059"], "web.listen-address"),
        (["--web.telemetry-path=metrics"], "--web.telemetry-path"),
        (["--web.telemetry-path=/-/ready"], "--web.telemetry-path"),
        (["--namespaces.max=0"], "--namespaces.max"),
        (["--bpf.map-entries=-1"], "bpf.map-entries"),
        (["--bpf.map-entries=0"], "--bpf.map-entries has to be from 1 to 4194304"),
        (["--bpf.map-entries=4194305"], "--bpf.map-entries has to be from 1 to 4194304"),
        (["--namespaces.max=4194305"], "--namespaces.max has to be from 1 to 4194304"),
        (["--namespaces.max=9223372036854775807"], "--namespaces.max has to be from 1 to 4194304"),
        (["--poll.interval=1h1ms"], "--poll.interval has to be from 10ms to 1h"),
        (["--namespaces.retention=9223372036854775807ms"], "namespaces.retention"),
        (["--labels.grace=9223372036854775807ms"], "labels.grace"),
        (["top", "--once", "--interval=9223372036854775807ms"], "--interval"),
        (["events", "--duration=9223372036854775807ms"], "--duration"),
        (["--log.level=loud"], "log.level"),
        (["--lifetimes.per-namespace", "--no-collector.lifetimes"], "remove --no-collector.lifetimes"),
        (["--labels.level=node"], "labels.level"),
        (["--labels.grace=-1s"], "labels.grace"),
        (["--namespaces.include=shop"], "write label=regex, with one of the labels namespace"),
        (["--namespaces.exclude=node=a"], "write label=regex, with one of the labels namespace"),
        (["--namespaces.exclude=pod=("], "'(' is not a regular expression"),
        (["--kubernetes"], "NODE_NAME"),
        (["--kubernetes.kubeconfig=/none"], "NODE_NAME"),
        (["--kubernetes.node=a"], "--kubernetes.node has no effect alone: add --kubernetes"),
        (["surplus"], "there is no command 'surplus': write check-config, events, top or unpin"),
        (["event"], "there is no command 'event': write check-config, events, top or unpin"),
        (["help"], "there is no command 'help': write check-config, events, top or unpin"),
        (["--log.level=info", "surplus"], "surplus"),
        (["events", "--pod=cart"], "--pod needs --kubernetes"),
        (["--poll.interval=5"], "write a duration such as 5s or 1m30s"),
        (["events", "--no-such-flag"], "see pidns-exporter events --help"),
        (["events", "--web.listen-address=:1"], "--web.listen-address"),
        (["events", "--count=0"], "--count"), (["events", "--duration=0"], "--duration"),
        (["events", "--output=xml"], "xml"), (["events", "--pod=a/b/c"], "--pod"),
        (["events", "--bpf.ring-buffer=2GiB"], "--bpf.ring-buffer"),
        (["events", "--kubernetes"], "NODE_NAME"),
      ])
    func usage(flags: [String], names: String) throws {
      let (status, _, stderr) = try Child.run(Self.exporter, flags)
      #expect(status == 2)
      #expect(stderr.split(separator: "\n").count == 1, "\(stderr)")
      #expect(stderr.contains(names))
      #expect(stderr.contains("--help"))
    }

    @Test("An unusable API server is reported before anything is loaded")
    func kubernetes() throws {
      let missing = try failure(
        Self.exporter, Self.listen, "--kubernetes.kubeconfig=/none", "--kubernetes.node=a", code: 1)
      #expect(missing == "pidns-exporter: --kubernetes.kubeconfig: /none does not exist: check the path")
      let folder = try failure(
        Self.exporter, Self.listen, "--kubernetes.kubeconfig=/etc", "--kubernetes.node=a", code: 1)
      #expect(folder.hasPrefix("pidns-exporter: --kubernetes.kubeconfig: /etc is not a file"))
      let outside = try failure(Self.exporter, Self.listen, "--kubernetes", "--kubernetes.node=a", code: 1)
      #expect(outside.hasSuffix("outside a cluster, give --kubernetes.kubeconfig"))
    }

    @Test("check-config prints ok, or one line about the first problem")
    func checkConfig() throws {
      let authority = try CertificateAuthority()
      try authority.issue("server", names: "DNS:localhost", purpose: "serverAuth")
      let file = try authority.folder.write(
        "tls_server_config: {cert_file: server.crt, key_file: server.key}\n", to: "web.yml")
      let good = try Child.run(Self.exporter, ["check-config", file])
      #expect(good.status == 0 && good.stdout == "ok\n" && good.stderr == "")
      for (yaml, problem) in [
        ("tls_server_config: {cert_file: server.crt, key_file: none.key}", "tls_server_config.key_file: "),
        ("tls_server_config: {cert_file: server.crt, key_file: ca.key}", "tls_server_config.key_file: "),
        ("basic_auth: {prometheus: secret}", "basic_auth: there is no such key"),
      ] {
        let file = try authority.folder.write(yaml, to: "web.yml")
        let line = try failure(Self.exporter, "check-config", file, code: 1)
        #expect(line.hasPrefix("pidns-exporter: \(file): \(problem)"), "\(line)")
      }
    }

    @Test("A socket that systemd did not pass is reported")
    func systemdSocket() throws {
      let line = try failure(Self.exporter, "--web.systemd-socket", code: 1)
      #expect(line.hasPrefix("pidns-exporter: --web.systemd-socket: systemd has passed no socket"))
    }

    @Test("Help and version exit with 0 and print to stdout")
    func helpAndVersion() throws {
      let help = try Child.run(Self.exporter, ["--help"])
      #expect(help.status == 0)
      for flag in [
        "--web.listen-address", "--web.telemetry-path", "--poll.interval", "--namespaces.retention",
        "--namespaces.max", "--bpf.map-entries", "--collector.signals", "--lifetimes.per-namespace",
        "--log.level", "--log.format", "--version",
      ] { #expect(help.stdout.contains(flag)) }
      #expect(!help.stdout.contains("exit-detection") && !help.stdout.contains("in-attempts"))
      let text = help.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for command in ["events prints", "top shows", "check-config checks", "unpin removes"] {
        #expect(text.contains(" \(command) "), "\(text)")
      }
      let events = try Child.run(Self.exporter, ["events", "--help"])
      #expect(events.status == 0)
      for flag in [
        "--fork", "--oom", "--args", "--userns", "--output", "--container", "--failed", "--kubernetes",
      ] {
        #expect(events.stdout.contains(flag))
      }
      let version = try Child.run(Self.exporter, ["--version"])
      #expect(version.status == 0)
      #expect(version.stdout.hasPrefix("pidns-exporter "))
    }

    @Test(
      "The error names the missing capability",
      arguments: [
        ("-all", "CAP_BPF and CAP_PERFMON"), ("-all,+bpf", "CAP_PERFMON"), ("-all,+perfmon", "CAP_BPF"),
      ])
    func capabilities(set: String, names: String) throws {
      for command in [Self.listen, "events"] {
        let line = try failure(
          "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", set,
          "--ambient-caps", set, "--bounding-set", set, Self.exporter, command, code: 1)
        #expect(line.contains("\(names) missing"))
      }
    }

    @Test("events reports a full disk")
    func fullDisk() throws {
      let line = try failure(
        "/bin/sh", "-c",
        "(while /bin/true; do sleep 0.05; done) & \(RunningEvents.command.joined(separator: " ")) >/dev/full; s=$?; kill $!; exit $s",
        code: 1)
      #expect(
        line == "pidns-exporter: cannot write to stdout: No space left on device; check its file or disk")
    }

    @Test("A kernel without BTF is reported")
    func noBTF() throws {
      let line = try failure(
        "/usr/bin/unshare", "--mount", "sh", "-c",
        "mount -t tmpfs none /sys/kernel/btf && exec \(Self.exporter) \(Self.listen)", code: 1)
      #expect(line.contains("/sys/kernel/btf/vmlinux"))
      #expect(line.contains("CONFIG_DEBUG_INFO_BTF"))
    }

    @Test("A kernel that is too old is reported")
    func oldKernel() throws {
      let line = try failure("/usr/bin/setarch", "--uname-2.6", Self.exporter, Self.listen, code: 1)
      #expect(line.contains("too old"))
      #expect(line.contains("5.10"))
    }

    @Test("A PID namespace other than the host's is rejected, and the error names both solutions")
    func containerNamespace() throws {
      for command in [Self.listen, "events"] {
        let line = try failure("/usr/bin/unshare", "--pid", "--fork", Self.exporter, command, code: 1)
        #expect(line.contains("hostPID: true"))
        #expect(line.contains("kind, minikube"))
        #expect(line.hasSuffix("add --namespaces.scope=own"))
      }
    }

    @Test("The error for a port in use names the address")
    func portInUse() throws {
      let exporter = try RunningExporter()
      let line = try failure(
        Self.exporter, "--web.listen-address=127.0.0.1:\(exporter.port)", code: 1)
      #expect(line.contains("127.0.0.1:\(exporter.port)"))
      #expect(line.contains("address already in use"))
    }
  }
}
