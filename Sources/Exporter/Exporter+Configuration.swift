// SPDX-License-Identifier: Apache-2.0

package import MetricsHTTP

extension Exporter {
  /// What the exporter is told by its flags.
  package struct Configuration: Sendable {
    /// Where to serve.
    package var listenAddresses: [ListenAddress]
    /// The path of the metrics.
    package var telemetryPath: String
    /// Whether `/` is the status page, for which the last minutes are kept; else it is a few links.
    package var hasStatusPage: Bool
    /// Whether scrapers see what is new to them at 0.
    package var holdsFirstSamples: Bool
    /// Who is a scraper.
    package var scraperRule: ScraperRule
    /// Whether OpenMetrics has `_created` lines.
    package var writesCreated: Bool
    /// What is counted.
    package var counting: CounterPipeline.Configuration

    package init(
      listenAddresses: [ListenAddress], telemetryPath: String, hasStatusPage: Bool = true,
      holdsFirstSamples: Bool = true, scraperRule: ScraperRule = ScraperRule(), writesCreated: Bool = false,
      counting: CounterPipeline.Configuration
    ) {
      self.listenAddresses = listenAddresses
      self.telemetryPath = telemetryPath
      self.hasStatusPage = hasStatusPage
      self.holdsFirstSamples = holdsFirstSamples
      self.scraperRule = scraperRule
      self.writesCreated = writesCreated
      self.counting = counting
    }
  }
}
