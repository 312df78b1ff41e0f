// SPDX-License-Identifier: Apache-2.0

/// How long things may take, and how long to wait; tests have their own.
struct Timings: Sendable, Equatable {
  /// TCP and TLS.
  var connect: Duration = .seconds(10)
  /// From the request to the first line of the answer: a watch is answered at once, a list of many pods is not.
  var head: Duration = .seconds(30)
  /// Between two pods of a list.
  var listSilence: Duration = .seconds(30)
  /// One page of a list.
  var page: Duration = .seconds(120)
  /// How long to ask a watch to last: within these, so that the nodes do not come back together.
  var watch: ClosedRange<Int> = 300...600
  /// How much longer a watch may last, in which the end comes through.
  var watchSlack: Duration = .seconds(30)
  /// Between two lines of a watch that has sent bookmarks, which come about every minute (kube-apiserver's
  /// `defaultBookmarkFrequency`): a connection that is half open ends so.
  var watchSilence: Duration = .seconds(180)
  /// A watch that ends sooner without having said anything counts as a failure when it comes to the backoff, as
  /// in client-go ("very short watch").
  var shortWatch: Duration = .seconds(1)
  /// The bound of the first wait; it doubles with each failure in a row. client-go's reflector has the same.
  var backoff: Duration = .milliseconds(800)
  /// Where the doubling ends.
  var longestBackoff: Duration = .seconds(30)
  /// The maximum Retry-After that is accepted.
  var longestRetryAfter: Duration = .seconds(300)
  /// How old a token or a certificate may be before its file is read again.
  var credentials: Duration = .seconds(60)
}
