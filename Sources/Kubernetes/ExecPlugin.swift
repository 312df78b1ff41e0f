// SPDX-License-Identifier: Apache-2.0

import Containers
import Glibc
import JSON
import Platform
import Text

/// A credential plugin (client.authentication.k8s.io): `users[].user.exec` of a kubeconfig, as EKS, GKE and
/// AKS use it.
struct ExecPlugin: Sendable, Equatable {
  /// The output of a plugin.
  struct Credential: Sendable, Equatable {
    var token: [UInt8]?
    var identity: (certificate: [UInt8], key: [UInt8])?
    /// The expiry in seconds since the epoch; nil if it is valid until the server rejects it.
    var expiration: Double?

    static func == (left: Self, right: Self) -> Bool {
      left.token == right.token && left.identity?.certificate == right.identity?.certificate
        && left.identity?.key == right.identity?.key && left.expiration == right.expiration
    }
  }

  /// The limit of a plugin's run time.
  static let timeout = Duration.seconds(60)
  /// The limit of a plugin's output, in bytes.
  static let outputLimit = 1 << 20

  let apiVersion: String
  /// A path, or a name to find in `PATH`.
  let command: String
  let arguments: [String]
  /// Variables `NAME=value`, added to those of the process.
  let environment: [String]
  /// The kubeconfig's advice for a plugin that is not installed.
  let installHint: String?
  /// The value of the variable `KUBERNETES_EXEC_INFO`.
  let info: String

  /// Returns the program's path.
  ///
  /// - Throws: `KubernetesError` if it is not installed, with the kubeconfig's hint.
  func path(_ variables: [String: String]) throws(KubernetesError) -> String {
    let candidates =
      command.contains("/")
      ? [command] : (variables["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(command)" }
    if let path = candidates.first(where: { unsafe access($0, X_OK) == 0 }) {
      return path
    }
    let hint = installHint?.quoted ?? "install it, or write its path in command"
    throw KubernetesError("the exec plugin \(command.quoted) is not installed: \(hint)")
  }

  /// Runs the program without a shell and without a terminal. Blocks until it ends.
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
      let stderrText = String(decoding: result.errors, as: UTF8.self)
      problem = "ends with exit code \(code)\(stderrText.isEmpty ? "" : ": \(stderrText.quoted)")"
    case .signal(let number): problem = "ends by signal \(number)"
    case .timeout: problem = "takes more than \(timeout.components.seconds) s"
    case .tooMuchOutput: problem = "prints more than 1 MiB"
    case .cancelled: problem = "was cancelled"
    case .failure(let errno): problem = "cannot be started: \(Errno.name(errno))"
    }
    throw WatchFailure(.unauthorized, "the exec plugin \(command.quoted) \(problem)")
  }

  /// Parses the program's output, an ExecCredential.
  func parse(_ bytes: [UInt8]) throws(WatchFailure) -> Credential {
    func invalid(_ text: String) -> WatchFailure {
      WatchFailure(.unauthorized, "the exec plugin \(command.quoted) \(text)")
    }
    guard let output = JSONValue(parsing: bytes), output["kind"]?.text == "ExecCredential" else {
      throw invalid("prints no ExecCredential")
    }
    let version = output["apiVersion"]?.text ?? ""
    guard version == apiVersion else {
      throw invalid("prints apiVersion \(version.quoted); the kubeconfig has \(apiVersion.quoted)")
    }
    guard let status = output["status"] else { throw invalid("prints an ExecCredential without a status") }
    var credential = Credential(token: status["token"]?.text.flatMap { $0.isEmpty ? nil : Array($0.utf8) })
    switch (status["clientCertificateData"]?.text ?? "", status["clientKeyData"]?.text ?? "") {
    case ("", ""): break
    case (let certificate, let key) where !certificate.isEmpty && !key.isEmpty:
      credential.identity = (Array(certificate.utf8), Array(key.utf8))
    default: throw invalid("prints a client certificate without its key, or a key without its certificate")
    }
    guard credential.token != nil || credential.identity != nil else {
      throw invalid("prints neither a token nor a client certificate")
    }
    if let text = status["expirationTimestamp"]?.text {
      guard let time = UTCTimestamp.seconds(text) else {
        throw invalid("prints an invalid expirationTimestamp: \(text.quoted)")
      }
      credential.expiration = time
    }
    return credential
  }
}
