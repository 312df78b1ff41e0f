// SPDX-License-Identifier: Apache-2.0

import MetricsHTTP
import StatusPage

/// The response of each path.
enum Routes {
  /// Whether the exporter runs, and whether it is ready.
  static let healthPaths: Set<String> = ["/-/healthy", "/-/ready"]

  /// All paths. Constant responses are built here, once.
  static func all(
    telemetryPath: String, hasStatusPage: Bool, publications: PublicationStore,
    health: HealthRoute? = nil, scrapers: Scrapers?,
    rule: ScraperRule, paths: WebPaths = WebPaths()
  ) -> [String: HTTPServer.Handler] {
    let health = health ?? HealthRoute(publications: publications)
    let ready = text("Ready.\n")
    let notReady = text("Not ready: the first poll is not done yet.\n", status: 503)
    // One thread renders all pages, so that this delays neither health checks nor finished pages.
    let renderer = AnswerThread()
    let metrics = MetricsRoute(
      publications: publications, scrapers: scrapers, rule: rule, notReady: notReady, renderer: renderer)
    var routes: [String: HTTPServer.Handler] = [
      "/-/healthy": { _ in .now(health.answer()) },
      "/-/ready": { _ in .now(publications.newest == nil ? notReady : ready) },
      telemetryPath: { request in
        health.markIfStopped()
        return metrics.answer(request)
      },
    ]
    if hasStatusPage {
      let style = file("text/css", StatusPage.style)
      let script = file("text/javascript", StatusPage.script)
      routes["/-/status.css"] = { _ in .now(style) }
      routes["/-/status.js"] = { _ in .now(script) }
      let statusPage: Answer.Work = { request in
        health.markIfStopped()
        let query = StatusQuery { request.argument($0) }
        let current = publications.newest
        let web = current?.web.map {
          WebHealth(isRefused: !$0.isLastReloadGood, certificateExpiry: $0.certificateExpiry)
        }
        let html = StatusPage.html(
          current?.snapshot, current?.history, web: web, query, version: BuildInfo.versionAndRevision,
          telemetryPath: telemetryPath)
        return .now(page(html, headers: StatusPage.headers))
      }
      routes["/"] = { _ in .later(on: renderer, statusPage) }
    } else {
      let landingPage = page(
        LandingPage.html(version: BuildInfo.versionAndRevision, telemetryPath: telemetryPath),
        headers: LandingPage.headers)
      routes["/"] = { _ in .now(landingPage) }
    }
    return at(paths, routes)
  }

  /// Returns the paths that `all` has, and those of them that everybody may read.
  static func guarded(_ routes: [String: HTTPServer.Handler], _ paths: WebPaths) -> WebGuard.Paths {
    WebGuard.Paths(open: Set(healthPaths.map { paths.prefix + $0 }), all: Set(routes.keys))
  }

  /// Returns the routes with a prefix, and redirections to the first page.
  private static func at(
    _ paths: WebPaths, _ routes: [String: HTTPServer.Handler]
  ) -> [String: HTTPServer.Handler] {
    guard !paths.prefix.isEmpty else { return routes }
    let home = Response(
      status: 302, contentType: "text/plain; charset=utf-8", headers: [("Location", paths.home)],
      body: Array("see \(paths.home)\n".utf8))
    var all: [String: HTTPServer.Handler] = ["/": { _ in .now(home) }, paths.prefix: { _ in .now(home) }]
    for (path, handler) in routes { all[paths.prefix + path] = handler }
    return all
  }

  private static func text(_ text: String, status: Int = 200) -> Response {
    Response(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }

  private static func page(_ html: String, headers: [(String, String)]) -> Response {
    Response(contentType: "text/html; charset=utf-8", headers: headers, body: Array(html.utf8))
  }

  /// A part of the status page; another version may have another content.
  private static func file(_ type: String, _ text: String) -> Response {
    Response(
      contentType: "\(type); charset=utf-8",
      headers: [("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff")], body: Array(text.utf8))
  }
}

extension Exporter {
  /// The fixed paths. The telemetry path must differ from them.
  package static let reservedPaths: Set<String> = [
    "/", "/-/healthy", "/-/ready", "/-/status.css", "/-/status.js",
  ]
}
