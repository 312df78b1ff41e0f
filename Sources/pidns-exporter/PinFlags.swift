// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Flags for what survives the process.
struct PinFlags: ParsableArguments {
  @Option(
    name: .customLong("bpf.pin"),
    help: ArgumentHelp(
      "Folder in a BPF file system, such as /sys/fs/bpf/pidns, that keeps the programs attached and counting while the exporter is down; needs --state.file. pidns-exporter unpin removes it.",
      valueName: "folder"))
  var folder: String?

  @Option(
    name: .customLong("state.file"),
    help: ArgumentHelp(
      "File that keeps the series and the last scrape of each scraper; needs --bpf.pin. Put it in /run, because the counts end with the boot.",
      valueName: "file"))
  var stateFile: String?

  func validate() throws {
    guard folder != "", stateFile != "" else {
      throw ValidationError(
        "--bpf.pin and --state.file need a path: write --bpf.pin=/sys/fs/bpf/pidns --state.file=/run/pidns-exporter/state"
      )
    }
    guard (folder == nil) == (stateFile == nil) else {
      throw ValidationError(
        "--bpf.pin and --state.file need each other: without the state, series would go down; give both")
    }
  }
}
