// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
package import Exporter
import Logging
package import MetricsHTTP
package import Namespaces
package import Probe
package import ProcessEvents

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
  package init?(argument: String) { self.init(argument) }

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
  package var defaultValueDescription: String { description }
}
