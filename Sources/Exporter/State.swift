// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Namespaces

/// All that a scrape can show, taken together at the end of a poll. Immutable.
struct State: Sendable {
  let scope: Scope
  let snapshot: Snapshot
  let process: ProcessStatus
  /// nil where no pods are watched.
  var kubernetes: KubernetesState?
  /// What the status page shows of the last minutes; nil where there is no such page.
  var recent: Recent?
}
