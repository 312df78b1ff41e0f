// SPDX-License-Identifier: Apache-2.0

extension Array {
  /// Returns a shorter list that still fails: no further element can be removed alone.
  ///
  /// Runs of elements are removed first, because a random list has few elements that matter.
  package func shrunk(while fails: ([Element]) -> Bool) -> [Element] {
    var kept = self
    var length = Swift.max(kept.count / 2, 1)
    while true {
      var start = 0
      var hasShrunk = false
      while start < kept.count {
        var fewer = kept
        fewer.removeSubrange(start..<Swift.min(start + length, kept.count))
        if fails(fewer) { (kept, hasShrunk) = (fewer, true) } else { start += length }
      }
      if length > 1 { length /= 2 } else if !hasShrunk { return kept }
    }
  }
}
