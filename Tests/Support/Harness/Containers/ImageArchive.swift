// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An archive of two images in the format of `docker save`. Both run the workload: one as a container, the other
/// as the sandbox that holds a pod's namespaces, whose program must be named `pause`.
struct ImageArchive {
  static let workload = "localhost/workload:1"
  static let pause = "localhost/pause:1"

  /// The path of the archive.
  let path: String

  /// Makes an archive in a folder.
  ///
  /// - Parameter commands: The busybox commands in `/bin`.
  init(in folder: TemporaryFolder, commands: [String] = []) throws {
    let root = try folder.makeFolder("image/root")
    for name in ["pidns-workload", "pause"] { try folder.copy(Built.workload, to: "image/root/\(name)") }
    try folder.makeFolder("image/root/bin")
    for name in commands { try folder.copy(URL(filePath: "/bin/busybox"), to: "image/root/bin/\(name)") }
    try Self.run("tar", "--create", "--directory", root, "--file", folder["image/layer.tar"], ".")
    let digest = try Self.run("sha256sum", folder["image/layer.tar"]).prefix { $0 != " " }
    for (name, program) in [("workload", "pidns-workload"), ("pause", "pause")] {
      try folder.write(
        """
        {"architecture":"\(Self.architecture)","os":"linux","config":{"Entrypoint":["/\(program)"]},
        "rootfs":{"type":"layers","diff_ids":["sha256:\(digest)"]}}
        """, to: "image/\(name).json")
    }
    try folder.write(
      """
      [{"Config":"workload.json","RepoTags":["\(Self.workload)"],"Layers":["layer.tar"]},
      {"Config":"pause.json","RepoTags":["\(Self.pause)"],"Layers":["layer.tar"]}]
      """, to: "image/manifest.json")
    path = folder["image.tar"]
    try Self.run(
      "tar", "--create", "--directory", folder["image"], "--file", path, "manifest.json", "workload.json",
      "pause.json", "layer.tar")
  }

  @discardableResult
  private static func run(_ arguments: String...) throws -> String {
    let (status, stdout, stderr) = try Child.run("/usr/bin/env", arguments)
    guard status == 0 else { throw TestFailure("\(arguments): \(stderr)") }
    return stdout
  }

  #if arch(arm64)
    private static let architecture = "arm64"
  #else
    private static let architecture = "amd64"
  #endif
}
