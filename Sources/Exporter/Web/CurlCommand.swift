// SPDX-License-Identifier: Apache-2.0

import MetricsHTTP
import WebConfig

/// The command with which a user reads the metrics, for the log. Upper-case words are for the user to replace.
struct CurlCommand: Sendable {
  /// The path of the metrics, with the route prefix.
  let path: String
  var hasTLS = false
  var requiresCertificate = false
  var requiresPassword = false
  var requiresToken = false

  /// Returns a command line for a POSIX shell.
  func text(for address: ListenAddress) -> String {
    var words = ["curl"]
    if let socket = address.socketPath { words += ["--unix-socket", Self.quoted(socket)] }
    if hasTLS { words += ["--cacert", "CA.pem"] }
    if requiresCertificate { words += ["--cert", "CERTIFICATE.pem", "--key", "KEY.pem"] }
    // A request has one of both. curl asks for the password.
    if requiresPassword {
      words += ["--user", "USER"]
    } else if requiresToken {
      words += ["--header", "'Authorization: Bearer TOKEN'"]
    }
    words.append(Self.quoted("\(hasTLS ? "https" : "http")://\(Self.authority(address))\(path)"))
    return words.joined(separator: " ")
  }

  private static func authority(_ address: ListenAddress) -> String {
    if address.socketPath != nil { return "localhost" }
    let isAny = ["", "0.0.0.0", "::"].contains(address.host)
    return isAny ? "localhost:\(address.port)" : address.description
  }

  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: ":/._-".utf8.contains(byte)
      }
    }
    return isPlain
      ? word
      : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }
}

extension CurlCommand {
  /// - Parameter policy: That of the start. Passwords and client certificates may change later.
  init(_ configuration: Exporter.Configuration, _ policy: WebPolicy?) {
    path = configuration.paths.prefix + configuration.telemetryPath
    hasTLS = policy?.tls != nil
    requiresCertificate = policy?.configuration.tls?.clientAuthentication.isRequired ?? false
    requiresPassword = policy?.hashes.isEmpty == false
    requiresToken = configuration.tokenReviews != nil
  }
}
