// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import MetricsHTTP

/// What is served, and where.
struct WebFlags: ParsableArguments {
  @Option(
    name: .customLong("web.listen-address"),
    help: ArgumentHelp(
      "Address to listen on, IPv6 and IPv4; may be given several times (default: :10059).",
      valueName: "host:port"),
    transform: ListenAddress.parse)
  var listenAddresses = [":10059"].compactMap { ListenAddress($0) }

  @Option(
    name: .customLong("web.telemetry-path"),
    help: ArgumentHelp("Path of the metrics.", valueName: "path"))
  var telemetryPath = "/metrics"

  @Flag(
    name: .customLong("web.ui"), inversion: .prefixedNo,
    help: "Serve the status page at /, and keep the last five minutes for it; without it, / has a few links.")
  var showsStatusPage = true

  func validate() throws {
    guard
      telemetryPath.hasPrefix("/")
        && telemetryPath.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") })
    else {
      throw ValidationError(
        "--web.telemetry-path '\(telemetryPath)' is not a path: write one that begins with /, such as /metrics"
      )
    }
    guard !Exporter.reservedPaths.contains(telemetryPath) else {
      throw ValidationError(
        "--web.telemetry-path '\(telemetryPath)' is the path of another page: write another one, such as /metrics"
      )
    }
  }
}
