// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import ProcessEvents
import Terminal
import Text

/// The values of the flag for colours.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, always, never

  /// Returns whether the table has colours.
  ///
  /// - Parameters:
  ///   - isTerminal: Whether the table is written to a terminal.
  ///   - environment: The environment variables. NO_COLOR (https://no-color.org) and TERM may disable
  ///     colours.
  func isOn(isTerminal: Bool, environment: [String: String]) -> Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto: isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }
  }
}

/// Flags that filter, format and limit events.
struct EventFlags: ParsableArguments {
  @Flag(name: .customLong("fork"), help: "Also show new processes.")
  var showsForks = false

  @Flag(name: .customLong("oom"), help: "Also show kills by the kernel's OOM killer.")
  var showsOOMKills = false

  @Flag(
    name: .customLong("args"),
    help: "Show the arguments of an exec, up to 4096 bytes; they may contain secrets.")
  var showsArguments = false

  @Flag(
    name: .customLong("userns"),
    help: "Show and select uid and gid as in the process's own user namespace, not as on the host.")
  var usesOwnUserNamespace = false

  @Option(
    name: .customLong("output"),
    help: ArgumentHelp(
      "Output format: a table for people, or one JSON object or logfmt line for each event.",
      valueName: "format")
  )
  var format = EventFormat.table

  @Option(name: .customLong("color"), help: ArgumentHelp("When to colour the table.", valueName: "when"))
  var color = ColorChoice.auto

  @Option(
    name: .customLong("pidns"),
    help: ArgumentHelp(
      "Show only this PID namespace, by the number in /proc/PID/ns/pid. This and the next five may be given several times.",
      valueName: "inum"), transform: WholeNumber.parse(like: "4026532180 (ls -l /proc/PID/ns/pid)"))
  var pidNamespaces: [UInt32] = []

  @Option(
    name: .customLong("container"),
    help: ArgumentHelp(
      "Show only this container, by its name or the beginning of its id (\(EventSelection.shortestIDPrefix) digits or more).",
      valueName: "name|id"))
  var containers: [String] = []

  @Option(
    name: .customLong("unit"),
    help: ArgumentHelp(
      "Show only this unit of systemd, on the host or in a container: cart.service, user-1000.slice.",
      valueName: "name"))
  var units: [String] = []

  @Option(
    name: .customLong("pod"),
    help: ArgumentHelp("Show only this pod; needs --kubernetes.", valueName: "[namespace/]name"))
  var pods: [String] = []

  @Option(
    name: .customLong("comm"),
    help: ArgumentHelp("Show only processes of this name, 15 bytes at most.", valueName: "name"))
  var comms: [String] = []

  @Option(
    name: .customLong("uid"), help: ArgumentHelp("Show only processes of this user.", valueName: "number"),
    transform: WholeNumber.parse(like: "1000 (id -u NAME)"))
  var uids: [UInt32] = []

  @Flag(
    name: .customLong("failed"),
    help: "Show only failures: exits with a code other than 0 or by a signal, and OOM kills.")
  var failedOnly = false

  @Option(
    name: .customLong("count"), help: ArgumentHelp("Exit after this number of events.", valueName: "number"),
    transform: WholeNumber.parse(like: "10"))
  var count: Int?

  @Option(
    name: .customLong("duration"), help: ArgumentHelp("Exit after this time.", valueName: "duration"),
    transform: PromDuration.parse)
  var duration: PromDuration?

  @Option(
    name: .customLong("bpf.ring-buffer"),
    help: ArgumentHelp(
      "Kernel memory for events that are not read yet, rounded up to a power of two; more memory absorbs longer bursts (default: 4MiB).",
      valueName: "size"), transform: ByteSize.parse)
  var ringBuffer = ByteSize(bytes: 4 << 20)

  func validate() throws {
    for (flag, values) in [
      ("--container", containers), ("--unit", units), ("--pod", pods), ("--comm", comms),
    ]
    where values.contains("") { throw ValidationError("\(flag) is empty: write a name") }
    for pod in pods where EventSelection.PodRule(pod) == nil {
      throw ValidationError("--pod '\(pod.printable)' is not a pod: write NAME or NAMESPACE/NAME")
    }
    // Each malformed UTF-8 sequence of one or more bytes is displayed as one replacement character, which is also
    // accepted here.
    for comm in comms where comm.unicodeScalars.count > 15 {
      throw ValidationError(
        "--comm '\(comm.printable)' is too long: the kernel keeps 15 bytes, write the first 15")
    }
    guard count.map({ $0 >= 1 }) ?? true else {
      throw ValidationError("--count has to be at least 1: write a number of events such as 10")
    }
    guard duration.map({ $0.duration > .zero }) ?? true else {
      throw ValidationError("--duration has to be more than 0: write 30s or 1m30s")
    }
    guard ringBuffer.ringBufferBytes != nil else {
      throw ValidationError("--bpf.ring-buffer has to be from 1 byte to 1GiB: write 64KiB or 4MiB")
    }
  }

  /// The filters that user space applies. The kernel applies the others.
  var selection: EventSelection {
    var selection = EventSelection()
    selection.pidNamespaces = Set(pidNamespaces)
    selection.containers = containers
    selection.units = Set(units)
    selection.pods = pods.compactMap(EventSelection.PodRule.init)
    selection.comms = Set(comms)
    selection.uids = Set(uids)
    selection.userView = userView
    selection.failedOnly = failedOnly
    return selection
  }

  /// The filters and limits of a run.
  var sessionOptions: EventSession<EventStream>.Options {
    var options = EventSession<EventStream>.Options()
    options.selection = selection
    options.count = count
    options.duration = duration?.duration
    return options
  }

  /// The user namespace of user and group IDs.
  var userView: UserView { usesOwnUserNamespace ? .own : .initial }

  /// The size of the ring buffer in bytes, a power of two.
  var ringBufferBytes: UInt32 { ringBuffer.ringBufferBytes ?? 4 << 20 }

  /// Returns the writer for these flags.
  ///
  /// - Parameters:
  ///   - size: The size of the terminal; nil for a file or pipe.
  ///   - isTerminal: Whether events are written to a terminal.
  ///   - environment: The environment variables, which may disable colours.
  func writer(size: Terminal.Size?, isTerminal: Bool, environment: [String: String]) -> EventWriter {
    var options = EventWriter.Options()
    options.userView = userView
    options.showsArguments = showsArguments
    options.columns = size?.columns
    options.rows = size?.rows
    options.isColored = color.isOn(isTerminal: isTerminal, environment: environment)
    return EventWriter(format, options: options)
  }
}
