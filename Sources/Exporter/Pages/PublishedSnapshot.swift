// SPDX-License-Identifier: Apache-2.0

import Exposition
import LibBPF
import MetricsHTTP
import Namespaces
import StatusPage
import Synchronization

/// The response to a scrape.
struct Representation: Hashable {
  let negotiated: Negotiated
  let coding: ContentCoding
}

/// The snapshot of one poll, and the responses that were rendered from it.
///
/// A response is rendered for the first client of its representation, and shared by all others. Without scrapes nothing
/// is rendered, and ten scrapers cost hardly more than one. Only a scraper that has not seen all lines gets its own
/// page.
final class PublishedSnapshot: Sendable {
  let snapshot: Snapshot
  let features: FeatureSet
  /// The last minutes for the status page; nil without the page.
  let history: StatusHistory?
  /// The load of the HTTP server when the snapshot was created.
  let traffic: HTTPServer.Traffic
  /// The web configuration; nil if there is none.
  let web: WebStatus?
  private let pages: PageStore
  /// At most one for each format, escaping scheme and coding.
  private let answers = Mutex<[Representation: Response]>([:])

  /// - Parameter pages: Shared by all snapshots of the same series.
  init(
    _ snapshot: Snapshot, features: FeatureSet, history: StatusHistory? = nil,
    traffic: HTTPServer.Traffic = HTTPServer.Traffic(), web: WebStatus? = nil,
    pages: PageStore = PageStore()
  ) {
    self.snapshot = snapshot
    self.features = features
    self.history = history
    self.traffic = traffic
    self.web = web
    self.pages = pages
  }

  /// Returns the same values, as of a poll that has failed.
  func failing(_ failure: BPFError) -> PublishedSnapshot {
    var snapshot = snapshot
    snapshot.failure = failure
    return PublishedSnapshot(
      snapshot, features: features, history: history, traffic: traffic, web: web, pages: pages)
  }

  /// The number of the poll.
  var number: Int { snapshot.number }

  /// Whether a scraper whose last response was a given poll has seen all lines.
  func isSeen(by lastPoll: Int) -> Bool { snapshot.newestBirth <= lastPoll }

  /// The response with all actual values, if it was rendered before. Does not wait for a thread that renders.
  func rendered(_ representation: Representation) -> Response? { answers.withLock { $0[representation] } }

  /// Returns the response with all actual values. Two threads that call this at once may both render it.
  func answer(_ representation: Representation) -> Response {
    if let answer = rendered(representation) { return answer }
    var view = FirstView.ofEverything
    let answer = render(representation, families: [], for: &view)
    answers.withLock { $0[representation] = answer }
    return answer
  }

  /// Renders a separate response: for some families, or for a scraper that has not seen all lines.
  func render(_ representation: Representation, families: [String], for view: inout FirstView) -> Response {
    let page = page(as: representation.negotiated.format, families: families, for: &view)
    var headers = [("Vary", "Accept, Accept-Encoding"), ("Cache-Control", "no-store")]
    if representation.coding == .gzip, let compressed = page.gzipped {
      headers.append(("Content-Encoding", "gzip"))
      return Response(contentType: representation.negotiated.contentType, headers: headers, body: compressed)
    }
    return Response(contentType: representation.negotiated.contentType, headers: headers, parts: page.body)
  }

  /// Renders a page.
  ///
  /// - Parameters:
  ///   - families: The names of the families to show, or of their samples; all families if it is empty.
  ///   - view: The lines that the scraper has seen; counts the samples that are held at 0.
  func page(as format: ExpositionFormat, families: [String], for view: inout FirstView) -> Page {
    pages.page(of: self, as: format, families: families, for: &view)
  }
}

/// Passes published snapshots from the polling thread to the serving threads.
final class PublicationStore: Sendable {
  private let current = Mutex<PublishedSnapshot?>(nil)

  /// The newest snapshot; nil before the first poll.
  var newest: PublishedSnapshot? { current.withLock { $0 } }

  /// Replaces a snapshot, unless there is another one meanwhile.
  func replace(_ old: PublishedSnapshot, with new: PublishedSnapshot) {
    current.withLock { if $0 === old { $0 = new } }
  }

  /// Replaces the snapshot. Clients that are being served keep the previous one until they finish.
  func put(_ publication: PublishedSnapshot) {
    // The old one, which may be large, is freed outside the lock.
    _ = current.withLock { current in
      let old = current
      current = publication
      return old
    }
  }
}
