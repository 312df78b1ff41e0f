// SPDX-License-Identifier: Apache-2.0

import MetricsHTTP

/// Distinguishes scrapers, which keep a history, from people, who see each value as it is.
package struct ScraperRule: Sendable {
  /// How the User-Agents of scrapers begin that do not send the header.
  package static let knownUserAgents = ["Prometheus/", "vm_promscrape", "Datadog Agent", "Telegraf"]

  /// Prometheus, the OpenTelemetry Collector and Grafana Alloy, which scrape with its code, and vmagent send it.
  private static let header = "X-Prometheus-Scrape-Timeout-Seconds"

  private let userAgents: [String]

  /// - Parameter userAgents: How the User-Agents of further scrapers begin.
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
