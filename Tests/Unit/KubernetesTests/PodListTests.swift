// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Testing

/// The memory that a list needs, measured in a process that does nothing else.
@Suite struct PodListTests {
  /// A line of that program, in KiB.
  private struct Line {
    let pods: Int
    let peak: Int
    let anonymous: Int

    init(_ text: String?) throws {
      let words = try #require(text).split(separator: " ")
      let numbers = words.compactMap { Int($0) }
      try #require(words.count == 6 && numbers.count == 3, "\(text ?? "")")
      (pods, peak, anonymous) = (numbers[0], numbers[1], numbers[2])
    }
  }

  /// Waits for a complete line, for at most ten minutes.
  private func line(_ index: Int, of output: URL) async throws -> Line {
    let deadline = ContinuousClock.now + .seconds(600)
    while ContinuousClock.now < deadline {
      let lines = try String(contentsOf: output, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false)
      if lines.count > index + 1 { return try Line(String(lines[index])) }
      try await Task.sleep(for: .milliseconds(10))
    }
    return try Line(nil)
  }

  @Test(
    "Listing 5,000 pods needs less than 20 MB at its peak, and frees it afterwards",
    arguments: [true, false])
  func memory(inPages: Bool) async throws {
    let server = try await APIServer()
    if !inPages { server.ignoreLimits() }
    let pods = (0..<5000).map { PodJSON($0) }
    #expect(pods.reduce(0) { $0 + $1.json(resourceVersion: 0).utf8.count } >= 30_000_000)
    server.put(pods, announced: false)

    let folder = FileManager.default.temporaryDirectory.appending(path: "pidns-pod-list-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let kubeconfig = folder.appending(path: "kubeconfig")
    let authority = Data(server.certificates.authority.utf8).base64EncodedString()
    try Data(
      """
      current-context: c
      contexts: [{name: c, context: {cluster: c}}]
      clusters: [{name: c, cluster: {server: "https://127.0.0.1:\(server.port)", certificate-authority-data: \(authority)}}]
      """.utf8
    ).write(to: kubeconfig)

    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "pidns-pod-list")
    process.arguments = [kubeconfig.path()]
    let output = folder.appending(path: "output")
    try Data().write(to: output)
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    defer { if process.isRunning { process.terminate() } }
    let before = try await line(0, of: output)
    let listed = try await line(1, of: output)
    #expect(listed.pods == 5000)
    #expect((listed.peak - before.peak) * 1024 < 20_000_000)

    for pod in pods { server.delete(pod) }
    let after = try await line(2, of: output)
    #expect(after.pods == 0)
    #expect((after.anonymous - before.anonymous) * 1024 < 8_000_000)
    try await server.stop()
  }
}
