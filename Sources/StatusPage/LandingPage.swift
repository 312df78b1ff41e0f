// SPDX-License-Identifier: Apache-2.0

/// The page at `/` if the status page is disabled.
package enum LandingPage {
  /// Headers of the page.
  package static let headers = [
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
  ]

  /// Writes the page. Its references are relative, so that a proxy may serve it below a path of its own.
  ///
  /// - Parameters:
  ///   - version: The exporter's.
  ///   - telemetryPath: The path of the metrics.
  package static func html(version: String, telemetryPath: String) -> String {
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>pidns-exporter</title>
      <style>body { font-family: sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem }</style>
      <h1>pidns-exporter</h1>
      <p>Counts what happens to the processes of each container (PID namespace), in the kernel.</p>
      <p>Version \(version)</p>
      <ul>
      <li><a href=".\(telemetryPath)">Metrics</a>
      <li><a href="./-/healthy">Health</a>
      <li><a href="./-/ready">Readiness</a>
      </ul>
      </html>

      """
    return page.text
  }
}
