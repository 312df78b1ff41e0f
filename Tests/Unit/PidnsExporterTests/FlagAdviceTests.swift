// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing

@testable import pidns_exporter

@Suite struct FlagAdviceTests {
  static func message(_ command: (some ParsableCommand).Type, _ arguments: [String]) -> String? {
    let error = #expect(throws: (any Error).self) { try command.parse(arguments) }
    return error.map { command.message(for: $0) }
  }

  @Test(
    "The error for an invalid value gives a valid example",
    arguments: [
      (["--poll.interval=5"], "write a duration such as 5s or 1m30s"),
      (["--namespaces.retention=soon"], "write a duration such as 5s or 1m30s"),
      (["--labels.grace=1"], "write a duration such as 5s or 1m30s"),
      (["--web.listen-address=10059"], "write host:port, such as :10059, 127.0.0.1:10059 or [::1]:10059"),
      (["--namespaces.max=many"], "write a whole number, such as 10240"),
      (["--bpf.map-entries=-1"], "write a whole number, such as 10240"),
      (["--web.telemetry-path=metrics"], "write one that begins with /, such as /metrics"),
      (["--web.max-connections=many"], "write a whole number, such as 512"),
      (["--web.max-connections=7"], "36 KiB: write 512"),
      (
        ["--web.max-connections-per-address=3"],
        "has to be from 4 to --web.max-connections, which is 512: write 64"
      ),
      (
        ["--web.max-connections-per-address=513"],
        "has to be from 4 to --web.max-connections, which is 512: write 64"
      ),
      (["--web.header-timeout=0"], "--web.header-timeout has to be from 1s to 1h: write 10s or 2m"),
      (["--web.idle-timeout=2h"], "--web.idle-timeout has to be from 1s to 1h"),
      (["--cgroups.max=15"], "a sixteenth of it: write 2048"),
      (["--namespaces.max=0"], "no more pids: write 10240"),
      (["--bpf.map-entries=0"], "no more pids: write 10240"),
      (["--kubernetes.node=a"], "add --kubernetes or --kubernetes.kubeconfig"),
      (["--kubernetes.context=a"], "add --kubernetes.kubeconfig"),
      (["--lifetimes.per-namespace", "--no-collector.lifetimes"], "remove --no-collector.lifetimes"),
      (["--log.level=loud"], "Please provide one of 'debug', 'info', 'warn' or 'error'."),
    ])
  func exporter(arguments: [String], advice: String) throws {
    #expect(try #require(Self.message(Serve.self, arguments)).contains(advice))
  }

  @Test(
    "Flags of events give advice in their errors",
    arguments: [
      (["--duration=5"], "write a duration such as 5s or 1m30s"),
      (["--bpf.ring-buffer=4MB"], "write a size such as 64KiB or 4MiB"),
      (["--uid=root"], "write a whole number, such as 1000 (id -u NAME)"),
      (["--pidns=web"], "write a whole number, such as 4026532180 (ls -l /proc/PID/ns/pid)"),
      (["--count=0"], "write a number of events such as 10"),
      (["--count=ten"], "write a whole number, such as 10"),
      (["--pod=cart"], "--pod needs --kubernetes or --kubernetes.kubeconfig"),
    ])
  func events(arguments: [String], advice: String) throws {
    #expect(try #require(Self.message(EventsCommand.self, arguments)).contains(advice))
  }

  @Test(
    "Flags of top give advice in their errors",
    arguments: [
      (["--interval=2"], "write a duration such as 5s or 1m30s"),
      (["--limit=3"], "add --once"),
      (["--once", "--limit=0"], "write a number of rows such as 10"),
      (["--once", "--limit=all"], "write a whole number, such as 10"),
      (["--url=localhost"], "write one such as http://localhost:10059/metrics"),
    ])
  func top(arguments: [String], advice: String) throws {
    #expect(try #require(Self.message(TopCommand.self, arguments)).contains(advice))
  }

  @Test("--pod requires a pod watch")
  func pods() throws {
    let command = try EventsCommand.parse(["--pod=cart", "--kubernetes", "--kubernetes.node=a"])
    #expect(command.flags.pods == ["cart"])
  }

  @Test("Unreadable folders given by flags are reported; default folders may be missing")
  func folders() throws {
    #expect(try LocalNameFlags.parse([]).missing.isEmpty)
    let flags = try LocalNameFlags.parse([
      "--docker.root=/nonexistent", "--podman.root=/proc", "--podman.root=/etc/passwd",
    ])
    #expect(flags.missing.map(\.flag) == ["--docker.root", "--podman.root"])
    #expect(flags.missing.map(\.path) == ["/nonexistent", "/etc/passwd"])
  }

  @Test("--help shows the default of each flag that has one")
  func defaults() throws {
    let serve = try Serve.parse([])
    let shown = [
      "--web.listen-address": ":10059",
      "--poll.interval": serve.polls.interval.description,
      "--namespaces.retention": serve.polls.retention.description,
      "--labels.grace": serve.names.grace.description,
      "--namespaces.max": "\(serve.tuning.maxNamespaces)", "--bpf.map-entries": "\(serve.tuning.mapEntries)",
    ]
    for (flag, value) in shown { Self.expectDefault(Serve.helpMessage(columns: 400), flag, value) }
    let events = try EventFlags.parse([])
    Self.expectDefault(
      EventsCommand.helpMessage(columns: 400), "--bpf.ring-buffer", events.ringBuffer.description)
    let table = try TableFlags.parse([])
    Self.expectDefault(TopCommand.helpMessage(columns: 400), "--interval", table.interval.description)
  }

  static func expectDefault(_ help: String, _ flag: String, _ value: String) {
    let lines = help.split(separator: "\n")
    guard let index = lines.firstIndex(where: { $0.hasPrefix("  \(flag) ") }) else {
      Issue.record("no \(flag)")
      return
    }
    // The text of a long flag is on the next line.
    #expect(lines[index..<min(index + 2, lines.count)].joined().contains("(default: \(value))."), "\(flag)")
  }
}
