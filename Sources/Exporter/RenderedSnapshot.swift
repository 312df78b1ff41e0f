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

/// What one poll found, and the answers to scrapes that were made of it.
///
/// An answer is rendered when the first client asks for its representation, and given to every other one as it
/// is: nobody scrapes, nothing is rendered; ten scrapers cost hardly more than one. Only for a scraper that has not seen
/// all of its lines is a page made of its own.
final class RenderedSnapshot: Sendable {
  let state: State
  /// At most one for each format, escaping scheme and coding that there is.
  private let answers = Mutex<[Representation: Response]>([:])

  init(_ state: State) { self.state = state }

  /// The number of the poll.
  var number: Int { state.snapshot.number }

  /// Whether a scraper that was answered last with a poll has seen all lines there are.
  func isSeen(by lastPoll: Int) -> Bool { state.snapshot.newestBirth <= lastPoll }

  /// Answers a scrape that is to see everything as it is.
  func answer(_ representation: Representation) -> Response {
    answers.withLock { answers in
      if let answer = answers[representation] { return answer }
      var view = FirstView.ofEverything
      let answer = render(representation, families: [], for: &view)
      answers[representation] = answer
      return answer
    }
  }

  /// Renders an answer of its own, with some families, or for a scraper that has not seen all of it.
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

/// The place where the polling thread puts what it found and the serving threads take it.
final class RenderedSnapshotStore: Sendable {
  private let current = Mutex<RenderedSnapshot?>(nil)

  /// The newest publication; nil before the first poll.
  var publication: RenderedSnapshot? { current.withLock { $0 } }

  /// Takes the place of the publication before. Clients that are being served keep theirs until then.
  func put(_ publication: RenderedSnapshot) {
    // The old one, which may be large, is freed outside the lock.
    _ = current.withLock { current in
      let old = current
      current = publication
      return old
    }
  }
}
