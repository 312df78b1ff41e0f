// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import BPFKit
public import Exporter
internal import Logging
public import MetricsHTTP
public import Namespaces
public import ProcessEvents

/// The levels that the Prometheus exporters have.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
  case debug, info, warn, error

  var level: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warn: .warning
    case .error: .error
    }
  }
}

extension LogFormat: ExpressibleByArgument {}
extension NamespaceScope: ExpressibleByArgument {}
extension KernelCounters.ExitDetection: ExpressibleByArgument {}

extension LabelLevel: ExpressibleByArgument {}

extension EventFormat: ExpressibleByArgument {}

extension ListenAddress: ExpressibleByArgument {
  /// Reads the flag's value.
  public init?(argument: String) { self.init(argument) }

  /// Reads the flag's value.
  ///
  /// - Throws: what to write, if it is no address.
  static func parse(_ text: String) throws -> ListenAddress {
    guard let address = ListenAddress(text) else {
      throw ValidationError("write host:port, such as :10059, 127.0.0.1:10059 or [::1]:10059")
    }
    return address
  }

  /// Shows it in the help.
  public var defaultValueDescription: String { description }
}
