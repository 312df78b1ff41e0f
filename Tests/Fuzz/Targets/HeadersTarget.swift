// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Exporter
@testable import Exposition
@testable import Kubernetes

/// The headers that the exporter parses itself: of a scraper Accept, Accept-Encoding and Authorization; of the API server
/// Retry-After.
enum HeadersTarget {
  /// All that can be answered, so that no part of a header comes back.
  private static let contentTypes = Set(
    ExpositionFormat.allCases.flatMap { format in
      ["", "; escaping=allow-utf-8", "; escaping=underscores", "; escaping=dots", "; escaping=values"].map {
        format.contentType + $0
      }
    })

  static func run(_ input: [UInt8]) {
    let header = String(decoding: input, as: UTF8.self)
    let negotiated = Negotiated(accept: header)
    check(contentTypes.contains(negotiated.contentType), "Content-Type: \(negotiated.contentType)")
    // A format of the highest quality wins over whatever follows.
    let protobuf =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=1,"
    check(Negotiated(accept: protobuf + header).format == .protobuf, "protobuf is not chosen")

    _ = ContentCoding(acceptEncoding: header)
    check(ContentCoding(acceptEncoding: "gzip;q=1," + header) == .gzip, "gzip is not chosen")
    check(
      ContentCoding(acceptEncoding: "gzip;q=0,identity;q=1," + header) == .identity, "identity is not chosen")

    _ = BasicCredentials(header)
    let encoded = BasicCredentials("Basic \(Data(input).base64EncodedString())")
    let password = input.firstIndex(of: UInt8(ascii: ":")).map { Array(input[($0 + 1)...]) }
    check(encoded?.password == password, "the password is changed")

    let wait = RetryAfter.duration(header, now: 1_700_000_000)
    check(wait.map { $0 >= .zero } ?? true, "waits for \(String(describing: wait))")
  }
}
