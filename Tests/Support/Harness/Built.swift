// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc

/// The built programs, at a path where every user can start them.
package enum Built {
  package static let exporter = program("pidns-exporter")
  package static let workload = program("pidns-workload")
  package static let confinementProbe = program("pidns-confinement-probe")

  /// Flags of `PIDNS_EXPORTER_FLAGS`, for each exporter that counts, and for `events`.
  package static let chosenFlags = (ProcessInfo.processInfo.environment["PIDNS_EXPORTER_FLAGS"] ?? "")
    .split(separator: " ").map(String.init)

  private static func program(_ name: String) -> URL {
    let built = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: name)
    do {
      return try Reachable(built).url
    } catch {
      fatalError("\(built.path()) cannot be made reachable for every user: \(error)")
    }
  }
}

/// A program that every user can start. If a folder above it or above one of its libraries is closed, as root's home is, it is a
/// copy, which exists until this process ends.
package struct Reachable {
  package let url: URL

  /// - Parameter places: Folders for the copy; the first one that every user can reach is used.
  package init(
    _ program: URL, places: [URL] = [FileManager.default.temporaryDirectory, URL(filePath: "/tmp")]
  ) throws {
    let libraries = try Self.libraries(of: program).filter { !Self.isOpen($0, for: S_IROTH) }
    if Self.isOpen(program.path()) && libraries.isEmpty {
      url = program
      return
    }
    guard let place = places.first(where: { Self.isOpen($0.path()) }) else {
      throw TestFailure("no folder is open to every user: \(places.map { $0.path() })")
    }
    let folder = place.appending(path: "pidns-programs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    CleanUp.atExit("rm -rf \"$1\"", [folder.path()])
    // Swift programs also load libraries from their own folder.
    for file in [program.path()] + libraries {
      let copy = folder.appending(path: URL(filePath: file).lastPathComponent).path()
      try FileManager.default.copyItem(
        at: URL(filePath: file).resolvingSymlinksInPath(), to: URL(filePath: copy))
      try Self.open(copy)
    }
    try Self.open(folder.path())
    url = folder.appending(path: program.lastPathComponent)
  }

  private static func open(_ path: String) throws {
    guard unsafe chmod(path, 0o755) == 0 else { throw TestFailure("chmod \(path): \(errno)") }
  }

  /// Whether every user has these permissions on it, and can search all folders above it.
  static func isOpen(_ path: String, for mode: mode_t = S_IROTH | S_IXOTH) -> Bool {
    var url = URL(filePath: path).resolvingSymlinksInPath()
    var needed = mode
    while true {
      var status = stat()
      guard unsafe stat(url.path(), &status) == 0, status.st_mode & needed == needed else { return false }
      if url.path() == "/" { return true }
      url.deleteLastPathComponent()
      needed = S_IXOTH
    }
  }

  /// The libraries that the loader finds, by ldd(1), which prints `name => path (address)`.
  private static func libraries(of program: URL) throws -> [String] {
    try Child.run("/usr/bin/env", ["ldd", program.path()]).stdout.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      return words.count >= 3 && words[1] == "=>" ? words[2].trimmingCharacters(in: .whitespaces) : nil
    }.filter { $0.hasPrefix("/") }
  }
}

/// The reason why a test cannot continue.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Waits until a condition is true, for at most five minutes, which is enough on every machine.
package func eventually(_ what: String, _ condition: () throws -> Bool) throws {
  let deadline = ContinuousClock.now + .seconds(300)
  while try !condition() {
    guard ContinuousClock.now < deadline else {
      throw TestFailure("after five minutes it is still not true that \(what)")
    }
    usleep(20_000)
  }
}
