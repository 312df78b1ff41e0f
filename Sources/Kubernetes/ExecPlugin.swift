// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Platform

/// A program that prints credentials: `users[].user.exec` of a kubeconfig, as EKS, GKE and AKS have it
/// (client.authentication.k8s.io).
struct ExecPlugin: Sendable, Equatable {
  /// What a program printed.
  struct Credential: Sendable, Equatable {
    var token: [UInt8]?
    var identity: (certificate: [UInt8], key: [UInt8])?
    /// In seconds since the epoch; nil is until the server refuses it.
    var expiration: Double?

    static func == (left: Self, right: Self) -> Bool {
      left.token == right.token && left.identity?.certificate == right.identity?.certificate
        && left.identity?.key == right.identity?.key && left.expiration == right.expiration
    }
  }

  /// How long a program may take.
  static let timeout = Duration.seconds(60)
  /// What a program may print.
  static let outputLimit = 1 << 20

  let apiVersion: String
  /// A path, or a name that is looked for in `PATH`.
  let command: String
  let arguments: [String]
  /// `NAME=value`, beside the process's own.
  let environment: [String]
  /// What to do where the program is not installed.
  let installHint: String?
  /// `KUBERNETES_EXEC_INFO`.
  let info: String

  /// Returns the program's path.
  ///
  /// - Throws: What is missing, with the hint of the kubeconfig.
  func path(_ variables: [String: String]) throws(KubernetesError) -> String {
    let candidates =
      command.contains("/")
      ? [command] : (variables["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(command)" }
    if let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) {
      return path
    }
    let hint = installHint.map { ": \($0.quoted)" } ?? ""
    throw KubernetesError("the exec plugin \(command.quoted) is not installed\(hint)")
  }

  /// Runs the program, without a shell and without a terminal.
  ///
  /// - Throws: `unauthorized`, with the reason.
  func run(
    _ cancellation: CancellationToken, timeout: Duration = Self.timeout
  ) throws(WatchFailure) -> Credential {
    let own = Environment.variables
    let path: String
    do { path = try self.path(own) } catch { throw WatchFailure(.unauthorized, error.description) }
    let names = Set(environment.map { $0.prefix { $0 != "=" } })
    let inherited = own.filter { !names.contains($0.key[...]) && $0.key != "KUBERNETES_EXEC_INFO" }
    let result = ChildProcess.run(
      path, arguments: arguments,
      environment: inherited.map { "\($0.key)=\($0.value)" } + environment + ["KUBERNETES_EXEC_INFO=\(info)"],
      until: .now + timeout, outputLimit: Self.outputLimit, cancellation: cancellation)
    let problem: String
    switch result.end {
    case .exit(0): return try parse(result.output)
    case .exit(let code):
      let said = String(decoding: result.errors, as: UTF8.self)
      problem = "ends with exit code \(code)\(said.isEmpty ? "" : ": \(said.quoted)")"
    case .signal(let number): problem = "ends by signal \(number)"
    case .timeout: problem = "takes more than \(timeout.components.seconds) s"
    case .tooMuchOutput: problem = "prints more than 1 MiB"
    case .cancelled: problem = "was cancelled"
    case .failure(let errno): problem = "cannot be started: \(Errno.name(errno))"
    }
    throw WatchFailure(.unauthorized, "the exec plugin \(command.quoted) \(problem)")
  }

  private struct Output: Decodable {
    struct Status: Decodable {
      var expirationTimestamp: String?
      var token: String?
      var clientCertificateData: String?
      var clientKeyData: String?
    }
    var apiVersion: String?
    var kind: String?
    var status: Status?
  }

  /// Reads what the program printed.
  func parse(_ bytes: [UInt8]) throws(WatchFailure) -> Credential {
    func invalid(_ text: String) -> WatchFailure {
      WatchFailure(.unauthorized, "the exec plugin \(command.quoted) \(text)")
    }
    guard let output = try? JSONDecoder().decode(Output.self, from: Data(bytes)),
      output.kind == "ExecCredential"
    else { throw invalid("prints no ExecCredential") }
    guard output.apiVersion == apiVersion else {
      throw invalid(
        "prints apiVersion \((output.apiVersion ?? "").quoted); the kubeconfig has \(apiVersion.quoted)")
    }
    guard let status = output.status else { throw invalid("prints an ExecCredential without a status") }
    var credential = Credential(token: status.token.flatMap { $0.isEmpty ? nil : Array($0.utf8) })
    switch (status.clientCertificateData ?? "", status.clientKeyData ?? "") {
    case ("", ""): break
    case (let certificate, let key) where !certificate.isEmpty && !key.isEmpty:
      credential.identity = (Array(certificate.utf8), Array(key.utf8))
    default: throw invalid("prints a client certificate without its key, or a key without its certificate")
    }
    guard credential.token != nil || credential.identity != nil else {
      throw invalid("prints neither a token nor a client certificate")
    }
    if let text = status.expirationTimestamp {
      let date =
        (try? Date(text, strategy: .iso8601))
        ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
      guard let date else { throw invalid("prints the expirationTimestamp \(text.quoted), which is no time") }
      credential.expiration = date.timeIntervalSince1970
    }
    return credential
  }
}
