// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The limit of open files of this process (RLIMIT_NOFILE).
package enum DescriptorLimit {
  /// Raises the soft limit to a number, if it is lower, as far as the hard limit allows.
  ///
  /// - Returns: The soft limit afterwards.
  package static func raise(to wanted: Int) -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    _ = unsafe getrlimit(resource, &limit)
    guard limit.rlim_cur < rlim_t(wanted) else { return Int(clamping: limit.rlim_cur) }
    let before = limit.rlim_cur
    limit.rlim_cur = min(rlim_t(wanted), limit.rlim_max)
    return Int(clamping: unsafe setrlimit(resource, &limit) == 0 ? limit.rlim_cur : before)
  }
}
