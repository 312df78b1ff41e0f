// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A CRI client. CRI is gRPC, so Tests/Support/CRI makes the calls: a line of JSON each.
final class CRIClient {
  private let child: Child

  /// Calls wait until the runtime listens on the socket.
  init(socket: String) throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../CRI/cri.py").standardized
    // Debian's Python, which has the packages that the script needs.
    child = try Child("/usr/bin/python3", [script.path(), socket])
  }

  /// Calls a method of the service `runtime.v1.RuntimeService`.
  func call(_ method: String, _ request: some Encodable) throws -> CRI.Answer {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .withoutEscapingSlashes
    let call = try encoder.encode(Call(call: method, request: request))
    child.send(line: String(decoding: call, as: UTF8.self))
    guard let line = child.line() else { throw TestFailure("cri.py failed: \(child.stderr)") }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let result = try decoder.decode(Result.self, from: Data(line.utf8))
    guard let reply = result.reply else { throw TestFailure(result.error ?? line) }
    return reply
  }

  private struct Call<Request: Encodable>: Encodable {
    let call: String
    let request: Request
  }

  private struct Result: Decodable {
    let reply: CRI.Answer?
    let error: String?
  }
}
