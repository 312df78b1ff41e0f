// SPDX-License-Identifier: Apache-2.0

import LiveView
package import Namespaces
import Platform

/// The page at `/` for browsers: the containers of this host.
///
/// The server writes its HTML for each request. Links sort and a form filters, so that it works without a script. A
/// script refreshes it (`Assets/status.js`). All text on it is untrusted, and escaped (``HTML``). The policy allows
/// only the exporter's own script, style and connections.
package enum StatusPage {
  /// Headers of the page.
  package static let headers = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
  ]

  /// The style of the page, served as `-/status.css`.
  package static var style: String { EmbeddedAsset.status_css }
  /// The script of the page, served as `-/status.js`.
  package static var script: String { EmbeddedAsset.status_js }

  /// Writes the page.
  ///
  /// - Parameters:
  ///   - snapshot: The snapshot of the last poll; nil before the first.
  ///   - history: The last minutes.
  ///   - web: The web configuration; nil without one.
  ///   - version: The exporter's.
  ///   - telemetryPath: The path of the metrics. References are relative, so that a proxy may serve the page at another
  ///     path.
  package static func html(
    _ snapshot: Snapshot?, _ history: StatusHistory?, web: WebHealth? = nil, _ query: StatusQuery,
    version: String, telemetryPath: String
  ) -> String {
    page(snapshot, history, web, query, version: version, telemetryPath: telemetryPath).text
  }

  private static func page(
    _ snapshot: Snapshot?, _ history: StatusHistory?, _ web: WebHealth?, _ query: StatusQuery,
    version: String, telemetryPath: String
  ) -> HTML {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>pidns-exporter</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="-/status.css">
    <noscript><meta http-equiv="refresh" content="10"></noscript>
    <script src="-/status.js" defer></script>
    </head>
    <body>
    <header>
    <h1>pidns-exporter</h1>
    <nav aria-label="Pages"><a href=".\(telemetryPath)">Metrics</a> <a href="./-/healthy">Health</a> \
    <a href="./-/ready">Readiness</a> <a href="https://github.com/pidns-exporter/pidns-exporter#readme">Documentation</a></nav>
    \(html: form(query))
    <p id="news" role="status"></p>
    </header>
    \(html: main(snapshot, history, web, query))
    <footer>Version \(version). Counted in the kernel: short-lived processes are included.</footer>
    </body>
    </html>

    """
  }

  private static func form(_ query: StatusQuery) -> HTML {
    var hidden: HTML = ""
    for (name, value) in query.arguments {
      hidden += #"<input type="hidden" name="\#(name)" value="\#(value)">"#
    }
    return """
      <form role="search">\(html: hidden)<label for="filter">Filter</label> \
      <input id="filter" name="filter" type="search" value="\(query.filter)" maxlength="256" placeholder="part of a name" \
      autocomplete="off" spellcheck="false"> <button>Show</button></form>
      """
  }

  private static func main(
    _ snapshot: Snapshot?, _ history: StatusHistory?, _ web: WebHealth?, _ query: StatusQuery
  ) -> HTML {
    guard let snapshot, let history else {
      return "<main><p>The kernel has not been read yet.</p></main>"
    }
    return """
      <main>
      \(html: totals(history))
      \(html: StatusHealth(snapshot: snapshot, web: web, now: Clock.epochSeconds).html)
      \(html: StatusTable(recent: history, query: query).html)
      </main>
      """
  }

  /// The node's own totals, which include all events.
  private static func totals(_ history: StatusHistory) -> HTML {
    func rate(_ rate: Double?) -> String { rate?.asRate ?? "–" }
    return """
      <dl class="totals" aria-label="The node">
      <div><dt>Exec/s</dt><dd>\(rate(history.node?.execs))</dd></div>
      <div><dt>Exit/s</dt><dd>\(rate(history.node?.exits))</dd></div>
      <div><dt>Fail/s</dt><dd>\(rate(history.node?.failures))</dd></div>
      <div><dt>Live namespaces</dt><dd>\(history.live.asCount)</dd></div>
      <div><dt>Ended, still shown</dt><dd>\(history.retained.asCount)</dd></div>
      <div class="sparkline"><dt>Node’s execs, <span class="failures">failures</span></dt>\
      <dd>\(html: .sparkline(history.nodeSparkline, lengths: history.lengths))</dd></div>
      </dl>
      """
  }
}
