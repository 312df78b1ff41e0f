// SPDX-License-Identifier: Apache-2.0

import PackagePlugin

/// Writes the version, the git revision and the compiler's version into a generated Swift file.
///
/// Runs before every build, because a build command cannot depend on a commit. Writes the file only if its
/// text changes.
@main
struct StampVersion: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let package = context.package.directoryURL
    let output = context.pluginWorkDirectoryURL.appending(path: "Stamp")
    return [
      .prebuildCommand(
        displayName: "Stamping the version",
        executable: .init(filePath: "/bin/sh"),
        arguments: [
          package.appending(path: "Plugins/StampVersion/stamp-version.sh").path(), package.path(),
          try context.tool(named: "swiftc").url.path(), output.path(),
        ],
        outputFilesDirectory: output)
    ]
  }
}
