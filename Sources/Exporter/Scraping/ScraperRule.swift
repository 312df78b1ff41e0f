// SPDX-License-Identifier: Apache-2.0

import MetricsHTTP

/// Distinguishes scrapers, which store a history, from other clients, which always get the actual values.
package struct ScraperRule: Sendable {
  /// Prefixes of the User-Agents of scrapers that do not send the header.
  package static let knownUserAgents = ["Prometheus/", "vm_promscrape", "Datadog Agent", "Telegraf"]

  /// Prometheus and vmagent send it. So do the OpenTelemetry Collector and Grafana Alloy, which contain Prometheus'
  /// code.
  private static let header = "X-Prometheus-Scrape-Timeout-Seconds"

  private let userAgents: [String]

  /// - Parameter userAgents: Prefixes of the User-Agents of further scrapers.
  package init(userAgents: [String] = []) {
    self.userAgents = Self.knownUserAgents + userAgents
  }

  /// Returns the scraper that sent the request; nil for other clients.
  func identity(of request: borrowing Request, families: [String]) -> Scrapers.Identity? {
    let userAgent = request.header("User-Agent") ?? ""
    guard request.header(Self.header) != nil || userAgents.contains(where: userAgent.hasPrefix) else {
      return nil
    }
    return Scrapers.Identity(
      address: request.clientAddress, userAgent: userAgent,
      accept: request.list("Accept") ?? "", families: families)
  }
}
