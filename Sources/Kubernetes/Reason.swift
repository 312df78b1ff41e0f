// SPDX-License-Identifier: Apache-2.0

/// Why the watch failed, once: the label `reason` of `pidns_kubernetes_watch_errors_total`.
package enum Reason: String, Sendable, CaseIterable {
  /// 410: what the watch had seen last is too old, or the list took too long; lists again. Routine.
  case expired
  /// 401: the token or the certificate is not accepted.
  case unauthorized
  /// 403: the service account may not list and watch pods.
  case forbidden
  /// 429.
  case throttled
  /// 5xx.
  case server
  /// No connection, no TLS, or an answer that was cut.
  case connection
  /// An answer that took too long.
  case timeout
  /// A protocol error, including each pod that could not be decoded.
  case invalid
  /// A pod for which there was no room.
  case limit
}

extension Reason {
  /// Advice for a person.
  var advice: String {
    switch self {
    case .expired, .throttled, .server: "the API server is busy or restarting; retrying"
    case .unauthorized: "check the token, or the client certificate"
    case .forbidden: "let the service account list and watch pods (ClusterRole, ClusterRoleBinding)"
    case .connection: "check the address, network policies and the certificate authority; retrying"
    case .timeout: "the network or the API server is slow; retrying"
    case .invalid: "check that the address is an API server; retrying"
    case .limit: "check the name of the node"
    }
  }
}
