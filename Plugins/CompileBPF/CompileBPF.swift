// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Compiles the `*.bpf.c` files of a target with the toolchain's own clang and hands the objects to
/// the target as a generated Swift file.
///
/// The sources are those of the target's own `bpf` folder, else of the package's. Every file there is
/// an input, so that editing a header compiles again.
@main
struct CompileBPF: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let files = FileManager.default
    let own = target.directoryURL.appending(path: "bpf")
    let folder =
      files.fileExists(atPath: own.path()) ? own : context.package.directoryURL.appending(path: "bpf")
    let inputs = try files.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.path() < $1.path() }
    let sources = inputs.filter { $0.lastPathComponent.hasSuffix(".bpf.c") }
    let script = context.package.directoryURL.appending(path: "Plugins/CompileBPF/compile-bpf.sh")
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedObject.swift")

    return [
      .buildCommand(
        displayName: "Compiling BPF for \(target.name)",
        executable: URL(filePath: "/bin/sh"),
        arguments: [
          script.path(), try context.tool(named: "clang").url.path(),
          try context.tool(named: "llvm-objcopy").url.path(), output.path(),
        ] + sources.map { $0.path() },
        inputFiles: inputs + [script],
        outputFiles: [output])
    ]
  }
}
