// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import MetricsHTTP
import Platform

/// Flags for the HTTP server and its content.
struct WebFlags: ParsableArguments {
  @Option(
    name: .customLong("web.listen-address"),
    help: ArgumentHelp(
      "Address to listen on, IPv6 and IPv4, or unix:/path for a unix socket; may be given several times (default: :10059).",
      valueName: "host:port"),
    transform: ListenAddress.parse)
  var listenAddresses = [":10059"].compactMap { ListenAddress($0) }

  @Flag(
    name: .customLong("web.systemd-socket"),
    help: "Serve the sockets that systemd passes from a .socket unit, instead of addresses.")
  var usesSystemdSockets = false

  @Option(
    name: .customLong("web.socket-mode"),
    help: ArgumentHelp(
      "Permissions of unix sockets; clients need write permission (default: 0660).", valueName: "octal"),
    transform: SocketMode.parse)
  var socketMode = SocketMode(bits: 0o660)

  @Option(
    name: .customLong("web.socket-owner"),
    help: ArgumentHelp(
      "Owner of unix sockets, by names or numbers, such as :prometheus (default: the exporter's user and group).",
      valueName: "user:group"), transform: Self.owner)
  var socketOwner: FileOwner?

  @Option(
    name: .customLong("web.config.file"),
    help: ArgumentHelp(
      "File with TLS, client certificates, passwords, headers and a rate limit, in the format of other Prometheus exporters; read again when it changes.",
      valueName: "file"))
  var configFile: String?

  @Flag(
    name: .customLong("web.health-without-certificate"),
    help:
      "Answer /-/healthy and /-/ready without the client certificate that other pages need: for the probes of Kubernetes."
  )
  var opensHealth = false

  @Flag(
    name: .customLong("web.kubernetes-auth"),
    help:
      "Require a bearer token whose user may get the path; the API server checks it. Needs the ClusterRole system:auth-delegator."
  )
  var checksTokens = false

  @Option(
    name: .customLong("web.telemetry-path"),
    help: ArgumentHelp("Path of the metrics.", valueName: "path"))
  var telemetryPath = "/metrics"

  @Option(
    name: .customLong("web.external-url"),
    help: ArgumentHelp(
      "URL at which a proxy serves the exporter; its path is the default of --web.route-prefix.",
      valueName: "url"))
  var externalURL: String?

  @Option(
    name: .customLong("web.route-prefix"),
    help: ArgumentHelp("Path in front of the paths of all pages.", valueName: "path"))
  var routePrefix: String?

  @Flag(
    name: .customLong("web.ui"), inversion: .prefixedNo,
    help: "Serve the status page at /, with a history of five minutes; without it, / has a few links.")
  var showsStatusPage = true

  /// The paths of the pages. Valid after `validate`.
  var paths: WebPaths { WebPaths(externalURL: externalURL, routePrefix: routePrefix) ?? WebPaths() }

  var socketAccess: SocketAccess { SocketAccess(mode: socketMode.bits, owner: socketOwner) }

  private static func owner(_ text: String) throws -> FileOwner {
    guard let owner = FileOwner(text) else {
      throw ValidationError("there is no such user or group: write user, user:group or :group")
    }
    return owner
  }

  func validate() throws {
    guard WebPaths(externalURL: externalURL, routePrefix: nil) != nil else {
      throw ValidationError(
        "--web.external-url '\(externalURL ?? "")' is not a URL: write one such as https://proxy.example.org/pidns"
      )
    }
    guard WebPaths(externalURL: nil, routePrefix: routePrefix) != nil else {
      throw ValidationError(
        "--web.route-prefix '\(routePrefix ?? "")' is not a path: write one that begins with /, such as /pidns"
      )
    }
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
