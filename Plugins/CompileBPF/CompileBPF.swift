// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Compiles a target's `*.bpf.c` files with the toolchain's clang, and embeds the objects in a generated
/// Swift file.
///
/// The sources are in the target's `bpf` folder, otherwise in the package's, whose `include` and `lib` have
/// the headers. Every file in them is an input, so that a changed header triggers a build.
@main
struct CompileBPF: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let files = FileManager.default
    func contents(of folder: URL) throws -> [URL] {
      try files.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).sorted {
        $0.path() < $1.path()
      }
    }
    let own = target.directoryURL.appending(path: "bpf")
    let shared = context.package.directoryURL.appending(path: "bpf")
    let folder = files.fileExists(atPath: own.path()) ? own : shared
    let sources = try contents(of: folder).filter { $0.lastPathComponent.hasSuffix(".bpf.c") }
    let headers = try ["include", "lib"].flatMap { try contents(of: shared.appending(path: $0)) }
    let script = context.package.directoryURL.appending(path: "Plugins/CompileBPF/compile-bpf.sh")
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedObject.swift")

    return [
      .buildCommand(
        displayName: "Compiling BPF for \(target.name)",
        executable: URL(filePath: "/bin/sh"),
        arguments: [
          script.path(), try context.tool(named: "clang").url.path(),
          try context.tool(named: "llvm-objcopy").url.path(), shared.path(), output.path(),
        ] + sources.map { $0.path() },
        inputFiles: sources + headers + [script],
        outputFiles: [output])
    ]
  }
}
