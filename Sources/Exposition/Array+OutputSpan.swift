// SPDX-License-Identifier: Apache-2.0

#if compiler(<6.3)
  extension Array {
    /// As in Swift 6.3, but with a copy: `make test-kernels` builds for arm64 with the 6.2 of Debian.
    package mutating func append(
      addingCapacity capacity: Int, initializingWith body: (inout OutputSpan<Element>) -> Void
    ) {
      append(
        contentsOf: unsafe [Element](unsafeUninitializedCapacity: capacity) { buffer, count in
          var span = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
          body(&span)
          count = unsafe span.finalize(for: buffer)
        })
    }
  }
#endif
