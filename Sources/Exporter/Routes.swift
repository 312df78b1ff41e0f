// SPDX-License-Identifier: Apache-2.0

internal import Exposition
internal import MetricsHTTP

/// What is answered on which path.
enum Routes {
  /// All paths. Answers that never change are made here, once.
  static func all(telemetryPath: String, board: Board) -> [String: HTTPServer.Handler] {
    let landingPage = Response(
      contentType: "text/html; charset=utf-8",
      headers: [("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")],
      body: Array(LandingPage.html(telemetryPath: telemetryPath).utf8))
    let healthy = text("Healthy.\n")
    let ready = text("Ready.\n")
    let notReady = text("Not ready: the first poll is not done yet.\n", status: 503)

    return [
      "/": { _ in landingPage },
      "/-/healthy": { _ in healthy },
      "/-/ready": { _ in board.publication == nil ? notReady : ready },
      telemetryPath: { request in
        guard let publication = board.publication else { return notReady }
        return publication.answer(Negotiated(accept: request.header("Accept")))
      },
    ]
  }

  private static func text(_ text: String, status: Int = 200) -> Response {
    Response(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }
}

extension Exporter {
  /// The paths that are served whatever the telemetry path is, and that it can therefore not be.
  public static let reservedPaths: Set<String> = ["/", "/-/healthy", "/-/ready"]
}
