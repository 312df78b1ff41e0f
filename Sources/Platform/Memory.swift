// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// Reduces the resident memory of the process.
package enum Memory {
  /// Makes malloc return freed blocks of 128 KiB and more to the kernel (`mallopt`). Call it before the first
  /// large block is freed.
  ///
  /// By default, glibc raises this threshold to the size of each freed block, up to 32 MiB. Bodies of large
  /// scrapes would then stay in the heap.
  package static func returnLargeBlocks() {
    _ = mallopt(M_MMAP_THRESHOLD, 128 * 1024)
  }

  /// Returns free heap to the kernel (`malloc_trim`). Takes a millisecond.
  package static func trimHeap() { _ = malloc_trim(0) }

  /// Releases memory that only the start needed: free heap (`malloc_trim`) and code (`madvise`). Needs a millisecond.
  ///
  /// Code that runs again is read back from the page cache, 64 KiB per fault: about ten faults at the next
  /// poll. Only executable pages are dropped, because they are never written. Read-only pages hold relocated
  /// pointers that the file does not contain.
  package static func releaseStart() {
    trimHeap()
    for line in (ProcFile.read("/proc/self/maps") ?? "").split(separator: "\n") {
      // Format of /proc/self/maps: 5594e5a26000-5594e5e5f000 r-xp 0002b000 fe:00 131339
      // /usr/bin/pidns-exporter
      let fields = line.split(separator: " ")
      guard fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { continue }
      let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard bounds.count == 2, let start = unsafe UnsafeMutableRawPointer(bitPattern: bounds[0])
      else { continue }
      _ = unsafe madvise(start, Int(bounds[1] - bounds[0]), MADV_DONTNEED)
    }
  }
}
