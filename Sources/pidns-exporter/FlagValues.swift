// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
package import Exporter
import Logging
package import MetricsHTTP
package import Namespaces
package import Probe
package import ProcessEvents

/// The log levels of Prometheus exporters.
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
extension CgroupSplit: ExpressibleByArgument {}
extension KernelCounters.ExitDetection: ExpressibleByArgument {}

extension LabelLevel: ExpressibleByArgument {}

extension EventFormat: ExpressibleByArgument {}

extension ListenAddress: ExpressibleByArgument {
  /// Parses the flag's value.
  package init?(argument: String) { self.init(argument) }

  /// Parses the flag's value.
  ///
  /// - Throws: `ValidationError` with the correct syntax.
  static func parse(_ text: String) throws -> ListenAddress {
    guard let address = ListenAddress(text) else {
      throw ValidationError(
        "write host:port, such as :10059, 127.0.0.1:10059 or [::1]:10059, or unix:/run/pidns-exporter/metrics.sock"
      )
    }
    return address
  }

  /// The default in the help.
  package var defaultValueDescription: String { description }
}
