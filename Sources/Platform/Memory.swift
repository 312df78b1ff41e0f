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

  /// Releases memory that is not needed any more: free heap (`malloc_trim`), code and constants of files (`madvise`). Needs
  /// a millisecond.
  ///
  /// What is used again is read back from the page cache, 64 KiB per fault: about ten faults at the next
  /// poll. Only mappings without write access and without changed pages are dropped. Others hold relocated pointers that
  /// the file does not contain.
  package static func releaseUnused() {
    trimHeap()
    // Format of /proc/self/smaps: 5594e5a26000-5594e5e5f000 r-xp 0002b000 fe:00 131339 /usr/bin/pidns-exporter
    // and after it lines such as: Anonymous:             0 kB
    // Of some three thousand lines, only these two kinds are looked at as text.
    let lines = (ProcFile.read("/proc/self/smaps", upTo: 1 << 20) ?? "").utf8.split(
      separator: UInt8(ascii: "\n"))
    var mapping: (start: UInt, length: Int)?
    var droppable: [(start: UInt, length: Int)] = []
    for line in lines where line.first.map({ $0 > UInt8(ascii: "Z") || $0 <= UInt8(ascii: "A") }) ?? false {
      let fields = Substring(line).split(separator: " ", maxSplits: 5)
      if fields.count == 6, fields[1].utf8.count == 4 {
        let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        let isDroppable = (fields[1] == "r-xp" || fields[1] == "r--p") && fields[5].contains("/")
        mapping = isDroppable && bounds.count == 2 ? (bounds[0], Int(bounds[1] - bounds[0])) : nil
      } else if fields.first == "Anonymous:", let found = mapping {
        mapping = nil
        if fields.dropFirst().first == "0" { droppable.append(found) }
      }
    }
    // At last, because the code above is in them, too.
    for (start, length) in droppable {
      _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), length, MADV_DONTNEED)
    }
  }
}
