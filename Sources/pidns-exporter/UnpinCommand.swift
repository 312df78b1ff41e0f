// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import LibBPF
import Probe

/// The command `unpin`: removes the folder of `--bpf.pin`.
struct UnpinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter unpin",
    abstract: "Removes the folder of --bpf.pin: its programs are detached, and their counts are lost.",
    discussion: """
      Stop the exporter first. Unpin before you uninstall the exporter, or before you run it without --bpf.pin. Needs \
      root or the exporter's user.
      """)

  @Argument(help: ArgumentHelp("The folder.", valueName: "folder"))
  var folder = "/sys/fs/bpf/pidns"

  /// Removes only what an exporter has pinned.
  func run() throws {
    do throws(BPFError) {
      try PinFolder.unpin(folder)
    } catch {
      throw ExporterError(error)
    }
  }
}
