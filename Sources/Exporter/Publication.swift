// SPDX-License-Identifier: Apache-2.0

internal import Exposition
internal import MetricsHTTP
internal import Synchronization

/// What one poll found, and the answers to scrapes that were made of it.
///
/// An answer is rendered when the first client asks for its format, and given to every other one as it
/// is: nobody scrapes, nothing is rendered; ten scrapers cost hardly more than one.
final class Publication: Sendable {
  let state: State
  /// At most one for each format and escaping scheme that `Negotiated` knows.
  private let answers = Mutex<[Negotiated: Response]>([:])

  init(_ state: State) { self.state = state }

  /// Answers a scrape.
  func answer(_ negotiated: Negotiated) -> Response {
    answers.withLock { answers in
      if let answer = answers[negotiated] { return answer }
      let answer = Response(
        contentType: negotiated.contentType, headers: [("Vary", "Accept")],
        body: Catalogue.render(state, as: negotiated.format))
      answers[negotiated] = answer
      return answer
    }
  }
}

/// The place where the polling thread puts what it found and the serving threads take it.
final class Board: Sendable {
  private let current = Mutex<Publication?>(nil)

  /// The newest publication; nil before the first poll.
  var publication: Publication? { current.withLock { $0 } }

  /// Takes the place of the publication before. Clients that are being served keep theirs until then.
  func put(_ publication: Publication) {
    // The old one, which may be large, is freed outside the lock.
    _ = current.withLock { current in
      let old = current
      current = publication
      return old
    }
  }
}
