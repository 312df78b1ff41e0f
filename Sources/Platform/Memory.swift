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

  /// Releases memory that is not needed any more: free heap (`malloc_trim`), code and constants of the program and its libraries
  /// (`madvise`). Needs a millisecond.
  ///
  /// What is used again is read back from the page cache, 64 KiB per fault: about ten faults at the next poll.
  package static func releaseUnused() {
    trimHeap()
    shim_drop_constant_segments()
  }
}
