// SPDX-License-Identifier: Apache-2.0

/// Timeouts and waiting times. Tests use shorter ones.
struct Timings: Sendable, Equatable {
  /// The limit for TCP and TLS together.
  var connect: Duration = .seconds(10)
  /// The limit from the request to the headers. Watches respond at once; a list of many pods takes longer.
  var head: Duration = .seconds(30)
  /// The limit between two pods of a list.
  var listSilence: Duration = .seconds(30)
  /// The limit for one page of a list.
  var page: Duration = .seconds(120)
  /// The requested duration of a watch, in seconds. Random within this range, so that nodes do not reconnect
  /// together.
  var watch: ClosedRange<Int> = 300...600
  /// The additional time in which the end of a watch must arrive.
  var watchSlack: Duration = .seconds(30)
  /// The limit between two lines of a watch that has sent bookmarks. Ends half-open connections. Bookmarks
  /// arrive about every minute (kube-apiserver's `defaultBookmarkFrequency`).
  var watchSilence: Duration = .seconds(180)
  /// A watch that ends sooner without an event counts as a failure for the back-off, as in client-go ("very
  /// short watch").
  var shortWatch: Duration = .seconds(1)
  /// The limit of the first wait. It doubles with each consecutive failure, as in client-go's reflector.
  var backoff: Duration = .milliseconds(800)
  /// The maximum of the doubled limit.
  var longestBackoff: Duration = .seconds(30)
  /// The longest accepted Retry-After. A longer one is reduced to it.
  var longestRetryAfter: Duration = .seconds(300)
  /// The age after which the file of a token or certificate is read again.
  var credentials: Duration = .seconds(60)
}
