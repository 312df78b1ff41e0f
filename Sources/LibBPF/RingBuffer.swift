// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc

/// Owns the consumer side of a BPF ring buffer, and frees it (`ring_buffer__free`).
@safe package struct RingBuffer: ~Copyable {
  /// The context of libbpf's callback, which receives one pointer.
  @safe private final class Consumer {
    let record: (UnsafeRawBufferPointer) -> Void
    /// The number of records that this call may still read.
    var left = 0

    init(record: @escaping (UnsafeRawBufferPointer) -> Void) { unsafe self.record = record }
  }

  private let buffer: OpaquePointer
  /// libbpf keeps a pointer to it as long as the buffer exists.
  private let consumer: Consumer

  /// Opens a map of type BPF_MAP_TYPE_RINGBUF. The map's object must outlive the ring buffer.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - record: Decodes a record. Its memory is valid only during the call.
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
          // The current record is consumed. A negative value ends this call and becomes its result.
          return consumer.left > 0 ? 0 : -ECANCELED
        }, context, nil))
    self.consumer = consumer
  }

  deinit { unsafe ring_buffer__free(buffer) }

  /// Becomes readable when a program submits a record with a wake-up.
  package var descriptor: Int32 { unsafe ring_buffer__epoll_fd(buffer) }

  /// Reads the oldest records. Reads fewer than `limit` only if no more are available.
  package func consume(limit: Int) throws(BPFError) {
    consumer.left = limit
    let result = unsafe ring_buffer__consume(buffer)
    if result != -ECANCELED { _ = try checked("read the BPF ring buffer", result) }
  }
}
