// SPDX-License-Identifier: Apache-2.0

/// What a person sees at `/`.
enum LandingPage {
  /// Writes the page. A telemetry path is a flag's text, so it is escaped.
  static func html(telemetryPath: String) -> String {
    let path = escaped(telemetryPath)
    let revision = BuildInfo.revision.isEmpty ? "" : " (\(BuildInfo.revision))"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>pidns-exporter</title>
      <style>body { font-family: sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem }</style>
      <h1>pidns-exporter</h1>
      <p>What the processes of every PID namespace of this host do, counted in the kernel.</p>
      <p>Version \(escaped(BuildInfo.version + revision))</p>
      <ul>
      <li><a href="\(path)">Metrics</a>
      <li><a href="/-/healthy">Health</a>
      <li><a href="/-/ready">Readiness</a>
      </ul>
      </html>

      """
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.append(character)
      }
    }
  }
}
