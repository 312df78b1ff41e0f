// SPDX-License-Identifier: Apache-2.0

/// A page of metrics as a reader parses it, independent of the format.
package struct Page: Sendable {
  package var families: [Family] = []

  /// A metric family with its samples, in the order of the page.
  package struct Family: Sendable {
    package var name: String
    /// The type as written in the format; nil if the page does not give one.
    package var type: String?
    package var unit: String?
    package var help: String?
    package var samples: [Sample] = []
  }

  /// One number of a page.
  package struct Sample: Sendable {
    package var name: String
    package var labels: [String: String]
    package var value: Double
    package var timestamp: Double?
    package var exemplar: Exemplar?

    /// Creates a sample.
    package init(
      name: String, labels: [String: String], value: Double, timestamp: Double? = nil,
      exemplar: Exemplar? = nil
    ) {
      self.name = name
      self.labels = labels
      self.value = value
      self.timestamp = timestamp
      self.exemplar = exemplar
    }
  }

  /// The event that a sample refers to.
  package struct Exemplar: Equatable, Sendable {
    package var labels: [String: String]
    package var value: Double
    /// Seconds since the epoch.
    package var timestamp: Double?

    /// Creates an exemplar.
    package init(labels: [String: String], value: Double, timestamp: Double? = nil) {
      self.labels = labels
      self.value = value
      self.timestamp = timestamp
    }
  }

  /// A sample's name and labels.
  package struct Series: Hashable, Sendable {
    package let name: String
    package let labels: [String: String]

    /// Names a series.
    package init(name: String, labels: [String: String]) {
      self.name = name
      self.labels = labels
    }
  }

  /// All samples by series.
  package var samples: [Series: Sample] {
    var samples: [Series: Sample] = [:]
    for sample in families.flatMap(\.samples) {
      samples[Series(name: sample.name, labels: sample.labels)] = sample
    }
    return samples
  }
}

/// The reason why a page is invalid.
package struct PageFault: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
