// SPDX-License-Identifier: Apache-2.0

import MetricsHTTP

/// What is answered on which path.
enum Routes {
  /// All paths. Answers that never change are made here, once.
  static func all(
    telemetryPath: String, hasStatusPage: Bool, board: RenderedSnapshotStore, scrapers: Scrapers?,
    rule: ScraperRule
  ) -> [String: HTTPServer.Handler] {
    let healthy = text("Healthy.\n")
    let ready = text("Ready.\n")
    let notReady = text("Not ready: the first poll is not done yet.\n", status: 503)
    let metrics = MetricsRoute(board: board, scrapers: scrapers, rule: rule, notReady: notReady)
    var routes: [String: HTTPServer.Handler] = [
      "/-/healthy": { _ in healthy },
      "/-/ready": { _ in board.publication == nil ? notReady : ready },
      telemetryPath: { metrics.answer($0) },
    ]
    if hasStatusPage {
      let style = file("text/css", EmbeddedAsset.status_css)
      let script = file("text/javascript", EmbeddedAsset.status_js)
      routes["/-/status.css"] = { _ in style }
      routes["/-/status.js"] = { _ in script }
      routes["/"] = { request in
        let query = StatusQuery { request.argument($0) }
        return page(
          StatusPage.html(board.publication, query, telemetryPath: telemetryPath), headers: StatusPage.headers
        )
      }
    } else {
      let landingPage = page(
        LandingPage.html(telemetryPath: telemetryPath),
        headers: [("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")])
      routes["/"] = { _ in landingPage }
    }
    return routes
  }

  private static func text(_ text: String, status: Int = 200) -> Response {
    Response(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }

  private static func page(_ html: HTML, headers: [(String, String)]) -> Response {
    Response(contentType: "text/html; charset=utf-8", headers: headers, body: Array(html.text.utf8))
  }

  /// A part of the status page, which another version may have otherwise.
  private static func file(_ type: String, _ text: String) -> Response {
    Response(
      contentType: "\(type); charset=utf-8",
      headers: [("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff")], body: Array(text.utf8))
  }
}

extension Exporter {
  /// The paths that are served whatever the telemetry path is, and that it can therefore not be.
  package static let reservedPaths: Set<String> = [
    "/", "/-/healthy", "/-/ready", "/-/status.css", "/-/status.js",
  ]
}
