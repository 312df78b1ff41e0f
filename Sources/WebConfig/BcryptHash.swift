// SPDX-License-Identifier: Apache-2.0

/// A password's bcrypt hash: `$2y$10$`, then 22 characters of salt and 31 of the hash.
package struct BcryptHash: Sendable, Hashable {
  /// The text in the form of libcrypt.
  package let text: String

  /// The highest cost. One comparison with cost 16 needs about 5 s; with 17, as long as the default timeout of a
  /// scrape.
  private static let highestCost = 16

  init(_ node: ConfigNode) throws(WebConfigError) {
    let text = try node.text()
    guard
      let match = text.wholeMatch(of: /\$2[aby]\$([0-9][0-9])\$[.\/A-Za-z0-9]{53}/), let cost = Int(match.1),
      cost >= 4
    else {
      throw node.error("it is not a bcrypt hash", "write the output of: htpasswd -nBC 10 '' | tr -d ':\\n'")
    }
    guard cost <= Self.highestCost else {
      throw node.error(
        "a comparison at cost \(cost) takes longer than a scrape may",
        "write a hash of cost 10, at most \(Self.highestCost)")
    }
    self.text = text
  }
}
