// SPDX-License-Identifier: Apache-2.0

import Platform
import WebConfig

/// The file of `--web.config.file`, which is read again after it or a file that it names has changed.
///
/// Used only by the polling thread. Compares versions instead of using inotify, which does not see changes on network
/// file systems.
struct WebConfigFile: Sendable {
  let path: String
  /// The versions of the file and of the files that it names, at the last read. nil for a file that cannot be opened.
  private var read: [RegularFile.Version?]
  /// The same at the last check.
  private var seen: [RegularFile.Version?]
  /// The files that are checked, also those of a refused version.
  private(set) var files: [String]
  private var nextCheck: ContinuousClock.Instant

  /// The pause between checks. A change is read at the second check that finds it, because a certificate and its key
  /// are replaced one after the other.
  static let pause = Duration.seconds(1)

  /// Reads the file.
  ///
  /// - Throws: `WebConfigError` for the first problem.
  init(_ path: String, now: ContinuousClock.Instant) throws(WebConfigError) {
    // The versions are read before the content, so that no change is missed.
    let before = Self.versions([path])
    let policy = try WebPolicy(reading: path)
    self.path = path
    files = [path] + policy.configuration.files
    read = before + Self.versions(policy.configuration.files)
    seen = read
    nextCheck = now + Self.pause
    self.policy = policy
  }

  /// The last configuration that was read without a problem.
  private(set) var policy: WebPolicy

  /// Whether the next check is due.
  func isDue(now: ContinuousClock.Instant) -> Bool { now >= nextCheck }

  /// Checks for a change, at most once in a pause; four system calls for each file.
  ///
  /// - Returns: The new configuration, or why it is refused; nil if there is no change to read.
  mutating func check(now: ContinuousClock.Instant) -> Result<WebPolicy, WebConfigError>? {
    guard isDue(now: now) else { return nil }
    nextCheck = now + Self.pause
    let versions = Self.versions(files)
    defer { seen = versions }
    guard versions != read, versions == seen else { return nil }
    read = versions
    do throws(WebConfigError) {
      // A file that cannot be parsed names no files: those of the old one are checked.
      let configuration = try WebConfiguration(reading: path)
      let named = [path] + configuration.files
      if named != files {
        files = named
        read = Self.versions(files)
      }
      let new = try WebPolicy(reading: path)
      guard (new.tls == nil) == (policy.tls == nil) else {
        throw WebConfigError(
          file: path, key: "tls_server_config",
          problem: "TLS cannot be switched on or off while the exporter runs",
          advice: "restart the exporter")
      }
      policy = new
      return .success(new)
    } catch {
      return .failure(error)
    }
  }

  private static func versions(_ paths: [String]) -> [RegularFile.Version?] {
    paths.map { RegularFile(opening: $0, followingLink: true)?.version }
  }
}
