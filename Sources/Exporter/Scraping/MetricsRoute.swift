// SPDX-License-Identifier: Apache-2.0

import Exposition
import MetricsHTTP

/// Answers requests for the metrics.
struct MetricsRoute: Sendable {
  let publications: PublicationStore
  /// The known scrapers; nil if nothing is held at 0.
  let scrapers: Scrapers?
  let rule: ScraperRule
  let notReady: Response
  /// Renders pages that are not rendered yet.
  let renderer: AnswerThread

  func answer(_ request: borrowing Request) -> Answer {
    guard let publication = publications.newest else { return .now(notReady) }
    let representation = Representation(
      negotiated: Negotiated(accept: request.list("Accept")),
      coding: ContentCoding(acceptEncoding: request.list("Accept-Encoding")))
    let families = request.arguments("name[]")
    var heldView: FirstView?
    if let scrapers, let identity = rule.identity(of: request, families: families) {
      // A response to HEAD has no body.
      let isShown = request.method == .get
      heldView = scrapers.begin(identity, publication, isShown: isShown, at: .now)
      let isHeld = heldView != nil
      let number = publication.number
      request.whenDone { isSent in
        if isHeld { scrapers.finishHeldAnswer() }
        if isShown && isSent { scrapers.finish(identity, poll: number, at: .now) }
      }
    }
    guard heldView != nil || !families.isEmpty else {
      if let response = publication.rendered(representation) { return .now(response) }
      return .later(on: renderer) { _ in .now(publication.answer(representation)) }
    }
    let ownView = heldView ?? .ofEverything
    return .later(on: renderer) { request in
      var view = ownView
      let response = publication.render(representation, families: families, for: &view)
      if request.method == .get { scrapers?.countHeld(view.heldSamples) }
      return .now(response)
    }
  }
}
