// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc

/// Owns the reading end of a BPF ring buffer; `ring_buffer__free` when it goes.
@safe package struct RingBuffer: ~Copyable {
  /// What libbpf's callback works with: it is given one pointer.
  @safe private final class Consumer {
    let record: (UnsafeRawBufferPointer) -> Void
    /// Records that this call may still read.
    var left = 0

    init(record: @escaping (UnsafeRawBufferPointer) -> Void) { unsafe self.record = record }
  }

  private let buffer: OpaquePointer
  /// libbpf holds its address for as long as the buffer is there.
  private let consumer: Consumer

  /// Reads a map of that type, which has to outlive this.
  ///
  /// - Parameter record: Decodes a record, whose memory is valid during the call only.
  package init(_ map: BPFMap, record: @escaping (UnsafeRawBufferPointer) -> Void) throws(BPFError) {
    let consumer = unsafe Consumer(record: record)
    let context = unsafe Unmanaged.passUnretained(consumer).toOpaque()
    unsafe buffer = try checked(
      "read the BPF ring buffer",
      ring_buffer__new(
        map.descriptor,
        { context, record, size in
          guard let context = unsafe context, let record = unsafe record else { return 0 }
          let consumer = unsafe Unmanaged<Consumer>.fromOpaque(context).takeUnretainedValue()
          unsafe consumer.record(UnsafeRawBufferPointer(start: record, count: Int(size)))
          consumer.left -= 1
          // The record has been read; a negative result ends this call, and is its result.
          return consumer.left > 0 ? 0 : -ECANCELED
        }, context, nil))
    self.consumer = consumer
  }

  deinit { unsafe ring_buffer__free(buffer) }

  /// Is ready to be read when a program has said so.
  package var descriptor: Int32 { unsafe ring_buffer__epoll_fd(buffer) }

  /// Reads the oldest records; fewer than `limit` only if there are no more.
  package func consume(limit: Int) throws(BPFError) {
    consumer.left = limit
    let result = unsafe ring_buffer__consume(buffer)
    if result != -ECANCELED { _ = try checked("read the BPF ring buffer", result) }
  }
}
