// SPDX-License-Identifier: Apache-2.0

import Namespaces
import Platform

/// All that a scrape can show, taken together at the end of a poll. Immutable.
struct State: Sendable {
  var scope: FeatureSet
  let snapshot: Snapshot
  let process: ProcessStatus
  /// When counting began, in seconds since the epoch.
  let start: Double
  /// Who has scraped, when the poll ended.
  var scrapers = Scrapers.Status()
  /// nil where no pods are watched.
  var kubernetes: KubernetesState?
  /// What the status page shows of the last minutes; nil where there is no such page.
  var recent: StatusHistory?
}
