// SPDX-License-Identifier: Apache-2.0

/// The state of the pod watch at one time.
package struct PodWatchStatus: Sendable, Equatable {
  /// The reason of one failure of the watch: the label `reason` of `pidns_kubernetes_watch_errors_total`.
  package enum Reason: String, Sendable, CaseIterable {
    /// 410: the resourceVersion is too old, or the list took too long. Resolved by a new list; routine.
    case expired
    /// 401: the server rejects the token or the certificate.
    case unauthorized
    /// 403: the service account lacks permission to list and watch pods.
    case forbidden
    /// 429: too many requests.
    case throttled
    /// 5xx: an error of the server.
    case server
    /// The connection or TLS failed, or the response was cut.
    case connection
    /// The response exceeded its time limit.
    case timeout
    /// A protocol error. Also counted once for each pod that cannot be decoded.
    case invalid
    /// A pod that exceeds the limit of stored pods.
    case limit
  }

  /// The number of the node's pods, without deleted ones.
  package var pods = 0
  /// The number of failures since the start. Every reason is present.
  package var errors: [Reason: UInt64] = Dictionary(
    uniqueKeysWithValues: Reason.allCases.map { ($0, 0) })
  /// The time of the last event or bookmark, in seconds since the epoch; nil before the first.
  package var lastEvent: Double?
  /// Whether a list of the node's pods has completed.
  package var isListed = false
  /// Whether the API server answers within the deadlines of the watch; false before its first answer.
  package var isHealthy = false

  /// Creates the initial state, without errors and events.
  package init() {}
}
