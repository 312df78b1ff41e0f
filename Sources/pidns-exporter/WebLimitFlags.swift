// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import MetricsHTTP
import Platform

/// Flags for what clients can take from the HTTP server.
struct WebLimitFlags: ParsableArguments {
  private static let defaults = HTTPServer.Limits()

  @Option(
    name: .customLong("web.max-connections"),
    help: ArgumentHelp(
      "Maximum number of open connections; beyond it, the one without progress for longest is closed. A quarter is kept for loopback, and for clients that got a page recently.",
      valueName: "number"), transform: WholeNumber.parse(like: "512"))
  var maxConnections = defaults.connections

  @Option(
    name: .customLong("web.max-connections-per-address"),
    help: ArgumentHelp(
      "Maximum number of open connections of one client address, or of one /64 of IPv6; beyond it, its connection without progress for longest is closed.",
      valueName: "number"), transform: WholeNumber.parse(like: "64"))
  var maxConnectionsPerAddress = defaults.connectionsPerAddress

  @Option(
    name: .customLong("web.header-timeout"),
    help: ArgumentHelp(
      "Total time for the headers of a connection's first request (default: 10s).", valueName: "duration"),
    transform: PromDuration.parse)
  var headerTimeout = PromDuration(defaults.headerTimeout)

  @Option(
    name: .customLong("web.response-timeout"),
    help: ArgumentHelp(
      "Total time from a request's headers until the client has read the response (default: 1m).",
      valueName: "duration"),
    transform: PromDuration.parse)
  var responseTimeout = PromDuration(defaults.responseTimeout)

  @Option(
    name: .customLong("web.idle-timeout"),
    help: ArgumentHelp(
      "Time after a response until the headers of the next request; longer than the interval between scrapes, so that connections are reused (default: 2m).",
      valueName: "duration"),
    transform: PromDuration.parse)
  var idleTimeout = PromDuration(defaults.idleTimeout)

  /// The limits of the server.
  var limits: HTTPServer.Limits {
    HTTPServer.Limits(
      connections: maxConnections, connectionsPerAddress: maxConnectionsPerAddress,
      headerTimeout: headerTimeout.duration, responseTimeout: responseTimeout.duration,
      idleTimeout: idleTimeout.duration)
  }

  /// Raises the limit of open files for that many connections, and warns if it cannot be raised.
  func warn(_ logger: Logger) {
    // Beside connections, the exporter has about 100 files open, most of them BPF maps and programs.
    let needed = maxConnections + 256
    let limit = DescriptorLimit.raise(to: needed)
    if limit < needed {
      logger.warning(
        "limit of open files is too low for --web.max-connections, so some clients will be refused; raise it (ulimit -n, LimitNOFILE=) or lower the flag",
        metadata: ["limit": "\(limit)", "needed": "\(needed)"])
    }
  }

  func validate() throws {
    guard (8...4_096).contains(maxConnections) else {
      throw ValidationError(
        "--web.max-connections has to be from 8 to 4096, because each takes a file descriptor and up to 36 KiB: write 512"
      )
    }
    guard (4...maxConnections).contains(maxConnectionsPerAddress) else {
      throw ValidationError(
        "--web.max-connections-per-address has to be from 4 to --web.max-connections, which is \(maxConnections): write 64"
      )
    }
    for (name, timeout) in [
      ("header", headerTimeout), ("response", responseTimeout), ("idle", idleTimeout),
    ] {
      guard (.seconds(1)...(.seconds(3600))).contains(timeout.duration) else {
        throw ValidationError("--web.\(name)-timeout has to be from 1s to 1h: write 10s or 2m")
      }
    }
  }
}
