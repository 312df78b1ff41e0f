// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Embeds the files of a target's `Assets` folders in a generated Swift file. The program stays a single
/// file, and editors and linters can read the CSS and JavaScript.
@main
struct EmbedAssets: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let assets = try Self.assets(below: target.directoryURL)
    let script = context.package.directoryURL.appending(path: "Plugins/EmbedAssets/embed-assets.sh")
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedAsset.swift")
    return [
      .buildCommand(
        displayName: "Embedding the assets of \(target.name)",
        executable: URL(filePath: "/bin/sh"),
        arguments: [script.path(), output.path()] + assets.map { $0.path() },
        inputFiles: assets + [script],
        outputFiles: [output])
    ]
  }

  /// Returns the files in all folders named `Assets`, sorted by path.
  private static func assets(below folder: URL) throws -> [URL] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path()).sorted()
      .map { folder.appending(path: $0) }
      .filter { $0.deletingLastPathComponent().lastPathComponent == "Assets" }
  }
}
