// SPDX-License-Identifier: Apache-2.0

/// The state of the web configuration, for the status page.
package struct WebHealth: Sendable {
  /// Whether the last change of its file was refused.
  let isRefused: Bool
  /// When the server's certificate expires, in seconds since the epoch; nil without TLS.
  let certificateExpiry: Int?

  /// A certificate that expires within this time, in seconds, is a problem: a week, as in docs/web-configuration.md.
  static let soon = 7 * 86_400

  package init(isRefused: Bool, certificateExpiry: Int?) {
    self.isRefused = isRefused
    self.certificateExpiry = certificateExpiry
  }
}
