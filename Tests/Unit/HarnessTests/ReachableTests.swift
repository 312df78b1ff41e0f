// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Harness

@Suite struct ReachableTests {
  @Test("A program below a closed folder is copied to a place that every user can reach; others are not")
  func closedFolder() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.url.path())
    let closed = try folder.makeFolder("closed")
    let program = URL(filePath: closed).appending(path: "true")
    try FileManager.default.copyItem(at: URL(filePath: "/bin/true"), to: program)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: closed)
    #expect(!Reachable.isOpen(program.path()))
    let reachable = try Reachable(program, places: [URL(filePath: closed), URL(filePath: "/tmp")])
    #expect(reachable.url != program && Reachable.isOpen(reachable.url.path()))
    #expect(try Child.run(reachable.url.path(), []).status == 0)

    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: closed)
    #expect(try Reachable(program).url == program)
  }

  @Test("It throws when no folder is open to every user")
  func noPlace() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.url.path())
    let program = folder.url.appending(path: "true")
    try FileManager.default.copyItem(at: URL(filePath: "/bin/true"), to: program)
    #expect(throws: TestFailure.self) { try Reachable(program, places: [folder.url]) }
  }
}
