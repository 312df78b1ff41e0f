// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import FuzzTargets

/// The inputs of `Tests/Fuzz/Corpus`. A finding there traps, and so ends the test process.
@Suite struct CorpusTests {
  private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzz/Corpus")

  /// Removes what targets write, at the end of the process: other targets may still run at the end of one.
  private static let cleanUp: Void = {
    _ = atexit { try? FileManager.default.removeItem(atPath: Files.folder) }
  }()

  @Test("each target runs its corpus without a finding", arguments: FuzzTarget.all.map(\.name))
  func runs(_ name: String) throws {
    Self.cleanUp
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let inputs = try FileManager.default.contentsOfDirectory(
      at: Self.corpus.appending(path: name), includingPropertiesForKeys: nil)
    #expect(!inputs.isEmpty)
    for input in inputs { target.run(try [UInt8](Data(contentsOf: input))) }
  }

  @Test("each corpus has its target")
  func hasTarget() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
    #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
  }
}
