// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

extension Snapshot {
  /// Describes the only namespace of a series. Immutable: another description is another object.
  package final class About: Equatable, Sendable {
    /// Its level, its init.
    package let identity: NamespaceIdentity
    /// Its container, with more fields than the names of the series.
    package let container: Container
    /// When it ended, in seconds since boot; nil while it is live.
    package let endSinceBoot: Double?

    /// - Parameter endSinceBoot: When its end was detected; nil while it is live. Shown if the end of its init is
    ///   unknown.
    package init(_ identity: NamespaceIdentity, _ container: Container, endSinceBoot: Double? = nil) {
      self.identity = identity
      self.container = container
      self.endSinceBoot = identity.initEnd == 0 ? endSinceBoot : Double(identity.initEnd) / 1e9
    }

    /// Compares all that it describes.
    package static func == (left: About, right: About) -> Bool {
      left === right
        || (left.identity == right.identity && left.container == right.container
          && left.endSinceBoot == right.endSinceBoot)
    }

    /// Whether it is the host's own namespace.
    package var isHost: Bool { identity.level == 0 }
    /// When its init began, in seconds since boot.
    package var startSinceBoot: Double { Double(identity.initStart) / 1e9 }
  }
}

extension Snapshot.About {
  static var blank: Snapshot.About { Snapshot.About(NamespaceIdentity(), Container()) }
}

extension StateArchive {
  mutating func code(_ about: inout Snapshot.About) throws(StateError) {
    var (identity, container, end) = (about.identity, about.container, about.endSinceBoot)
    try code(&identity)
    try code(&container)
    try code(&end, blank: 0) { archive, end throws(StateError) in try archive.code(&end) }
    if isReading { about = Snapshot.About(identity, container, endSinceBoot: end) }
  }
}
