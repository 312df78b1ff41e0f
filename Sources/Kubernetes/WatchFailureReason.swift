// SPDX-License-Identifier: Apache-2.0

import Containers

typealias WatchFailureReason = PodWatchStatus.Reason

extension WatchFailureReason {
  /// The advice in the log: what to do.
  var advice: String {
    switch self {
    case .expired, .throttled, .server: "the API server is busy or restarting; retrying"
    case .unauthorized: "check the token, the client certificate or the exec plugin"
    case .forbidden:
      "grant the service account permission to list and watch pods (ClusterRole, ClusterRoleBinding)"
    case .connection: "check the address, network policies and the certificate authority; retrying"
    case .timeout: "the network or the API server is slow; retrying"
    case .invalid: "check that the address is an API server; retrying"
    case .limit: "check the name of the node"
    }
  }
}
