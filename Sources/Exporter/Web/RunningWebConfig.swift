// SPDX-License-Identifier: Apache-2.0

import Logging
import MetricsHTTP
import Platform
import ServerTLS
import WebConfig

/// The configuration of the server while it runs. Used only by the polling thread.
struct RunningWebConfig {
  let guardian: WebGuard
  /// nil for plain HTTP without passwords.
  private var file: WebConfigFile?
  private var lastReload: Double
  private var isLastGood = true
  private let reads = TimeLimitedWork()
  private var isSilent = false
  private let logger: Logger

  init(
    _ file: WebConfigFile?, paths: WebGuard.Paths, opensHealth: Bool = false,
    passwords: PasswordChecker = PasswordChecker(), tokens: TokenChecker? = nil, logger: Logger
  ) {
    self.file = file
    guardian = WebGuard(
      file?.policy ?? WebPolicy(), paths: paths, opensHealth: opensHealth, passwords: passwords,
      tokens: tokens, logger: logger)
    lastReload = Clock.epochSeconds
    self.logger = logger
  }

  /// Reads the file again if it has changed. A refused one changes nothing, and neither does a file system that does not answer.
  mutating func reloadIfChanged(now: ContinuousClock.Instant = .now) {
    guard let file, file.isDue(now: now) else { return }
    let answer = reads.run {
      var file = file
      let result = file.check(now: now)
      return (file, result)
    }
    if isSilent != (answer == nil) {
      isSilent = answer == nil
      if isSilent {
        logger.error(
          "web configuration cannot be checked for changes, because its file system does not answer; serving by the previous one; check the mount of its folder",
          metadata: ["file": "\(file.path)"])
      } else {
        logger.info("web configuration can be checked again", metadata: ["file": "\(file.path)"])
      }
    }
    guard let (file, result) = answer else { return }
    self.file = file
    switch result {
    case nil: break
    case .success(let policy):
      guardian.replace(policy)
      lastReload = Clock.epochSeconds
      isLastGood = true
      logger.info("web configuration read again", metadata: ["file": "\(file.path)"])
    case .failure(let error):
      isLastGood = false
      logger.error(
        "changed web configuration refused; serving by the previous one", metadata: ["error": "\(error)"])
    }
  }

  /// The values of the metrics.
  var status: WebStatus {
    WebStatus(
      isLastReloadGood: isLastGood, lastGoodReload: lastReload, certificateExpiry: file?.policy.tls?.notAfter,
      counts: guardian.counts)
  }
}

/// The web configuration as of a poll.
struct WebStatus: Sendable {
  let isLastReloadGood: Bool
  /// Seconds since the epoch.
  let lastGoodReload: Double
  /// When the server's certificate expires, in seconds since the epoch; nil without TLS.
  let certificateExpiry: Int?
  let counts: WebCounts
}
