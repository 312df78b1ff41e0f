// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// What of its memory the process keeps resident.
package enum Memory {
  /// Has blocks of 128 KiB and more go back to the kernel whenever they are freed (`mallopt`).
  ///
  /// glibc raises that bound to the size of what is freed, up to 32 MiB: the bodies of big scrapes would then
  /// stay in the heap, in holes of their sizes. Before the first big block is freed.
  package static func returnLargeBlocks() {
    _ = mallopt(M_MMAP_THRESHOLD, 128 * 1024)
  }

  /// Gives back what only the start needed: free memory of the heap (`malloc_trim`), and code (`madvise`).
  ///
  /// Code that is still needed comes back from the page cache, 64 KiB at each fault, when it is run next: some
  /// ten faults a poll, once. Only pages that can be executed are dropped: those are never written, while the
  /// read-only pages beside them hold relocated pointers, which the file does not have. A millisecond.
  package static func releaseStart() {
    _ = malloc_trim(0)
    for line in (ProcFile.read("/proc/self/maps") ?? "").split(separator: "\n") {
      // 5594e5a26000-5594e5e5f000 r-xp 0002b000 fe:00 131339   /usr/bin/pidns-exporter
      let fields = line.split(separator: " ")
      guard fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { continue }
      let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard bounds.count == 2, let start = unsafe UnsafeMutableRawPointer(bitPattern: bounds[0])
      else { continue }
      _ = unsafe madvise(start, Int(bounds[1] - bounds[0]), MADV_DONTNEED)
    }
  }
}
