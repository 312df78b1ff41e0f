// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Glibc
import Kubernetes
import Linux

/// The program: reads its flags, and turns what ends it into an exit code.
@main
struct PidnsExporter {
  static func main() {
    do {
      var command = try Serve.parseAsRoot()
      try command.run()
    } catch let error as ExporterError {
      quit(error.description, code: 1)
    } catch let error as KubernetesError {
      quit(error.description, code: 1)
    } catch {
      // --help and --version arrive as errors too, with their text and the code 0.
      guard Serve.exitCode(for: error) == .success else {
        let message = Serve.message(for: error).split(separator: "\n").joined(separator: " ")
        quit("\(message); see pidns-exporter --help", code: 2)
      }
      print(Serve.fullMessage(for: error))
    }
  }

  /// Says one line and ends the process.
  private static func quit(_ line: String, code: Int32) -> Never {
    StandardError.write(line: "pidns-exporter: \(line)")
    exit(code)
  }
}
