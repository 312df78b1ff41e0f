// SPDX-License-Identifier: Apache-2.0

/// The paths of the pages, for the server and for clients: `--web.route-prefix` and `--web.external-url`, as in
/// Prometheus.
///
/// Pages refer to each other relatively, so only redirections need the external URL.
package struct WebPaths: Sendable, Equatable {
  /// The prefix of each page's path: empty, or a `/` and more, without a `/` at its end.
  package let prefix: String
  /// The address of the first page for clients, ending with `/`.
  let home: String

  /// At the root.
  package init() {
    prefix = ""
    home = "/"
  }

  /// - Parameters:
  ///   - externalURL: `https://host/path`, `/path`, or nil. Returns nil for anything else.
  ///   - routePrefix: A path; nil for that of the external URL. Returns nil for anything else.
  package init?(externalURL: String?, routePrefix: String?) {
    var base = ""
    var path = ""
    if let externalURL {
      guard externalURL.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
        let match = externalURL.wholeMatch(
          of: /(https?:\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?)?(\/[^?#"<>\\]*)?/),
        !externalURL.isEmpty
      else { return nil }
      base = match.1.map(String.init) ?? ""
      path = Self.trimmed(match.2.map(String.init) ?? "/")
    }
    var prefix = path
    if let routePrefix {
      guard routePrefix.wholeMatch(of: /\/[^?#"<>\\]*/) != nil,
        routePrefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
      else { return nil }
      prefix = Self.trimmed(routePrefix)
    }
    self.prefix = prefix
    home = (externalURL == nil ? prefix : base + path) + "/"
  }

  /// Returns a path with one `/` at its start and none at its end; empty for the root.
  private static func trimmed(_ path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.isEmpty ? "" : "/" + parts.joined(separator: "/")
  }
}
