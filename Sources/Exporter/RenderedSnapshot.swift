// SPDX-License-Identifier: Apache-2.0

import Exposition
import Gzip
import MetricsHTTP
import Namespaces
import Synchronization

/// How a scrape is answered.
struct Representation: Hashable {
  let negotiated: Negotiated
  let coding: ContentCoding
}

/// The snapshot of one poll, and the responses that were rendered from it.
///
/// A response is rendered for the first client of its representation, and shared by all others: without scrapes
/// nothing is rendered, and ten scrapers cost hardly more than one. Only a scraper that has not seen all lines gets
/// its own page.
final class RenderedSnapshot: Sendable {
  let state: State
  /// At most one for each format, escaping scheme and coding that there is.
  private let answers = Mutex<[Representation: Response]>([:])

  init(_ state: State) { self.state = state }

  /// The number of the poll.
  var number: Int { state.snapshot.number }

  /// Whether a scraper that was answered last with a poll has seen all lines there are.
  func isSeen(by lastPoll: Int) -> Bool { state.snapshot.newestBirth <= lastPoll }

  /// Answers a scrape with all values as they are.
  func answer(_ representation: Representation) -> Response {
    answers.withLock { answers in
      if let answer = answers[representation] { return answer }
      var view = FirstView.ofEverything
      let answer = render(representation, families: [], for: &view)
      answers[representation] = answer
      return answer
    }
  }

  /// Renders a separate response: for some families, or for a scraper that has not seen all lines.
  func render(_ representation: Representation, families: [String], for view: inout FirstView) -> Response {
    let format = representation.negotiated.format
    var body = Catalogue.render(state, as: format, families: families, for: &view)
    var headers = [("Vary", "Accept, Accept-Encoding"), ("Cache-Control", "no-store")]
    if representation.coding == .gzip, let compressed = Gzip.compress(body) {
      body = compressed
      headers.append(("Content-Encoding", "gzip"))
    }
    return Response(contentType: representation.negotiated.contentType, headers: headers, body: body)
  }
}

/// Passes rendered snapshots from the polling thread to the serving threads.
final class RenderedSnapshotStore: Sendable {
  private let current = Mutex<RenderedSnapshot?>(nil)

  /// The newest snapshot; nil before the first poll.
  var publication: RenderedSnapshot? { current.withLock { $0 } }

  /// Replaces the snapshot. Clients that are being served keep the previous one until they finish.
  func put(_ publication: RenderedSnapshot) {
    // The old one, which may be large, is freed outside the lock.
    _ = current.withLock { current in
      let old = current
      current = publication
      return old
    }
  }
}
