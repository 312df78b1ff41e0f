// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import CPidns
import Glibc

/// Owns the reading end of a BPF ring buffer; `ring_buffer__free` when it goes.
@safe struct RingBuffer: ~Copyable {
  /// What libbpf's callback fills, one record at a time.
  final class Batch {
    /// Records that are taken at once: then whoever reads gets to write, and to look at the clock.
    static let limit = 1024

    fileprivate(set) var events: [ProcessEvent] = []
  }

  private let buffer: OpaquePointer
  /// libbpf holds its address for as long as the buffer is there.
  private let batch = Batch()

  /// Reads a map of that type, which has to outlive this.
  init(_ map: BPFMap) throws(BPFError) {
    let context = unsafe Unmanaged.passUnretained(batch).toOpaque()
    unsafe buffer = try checked(
      "read the BPF ring buffer",
      ring_buffer__new(
        map.descriptor,
        { context, record, size in
          guard let context = unsafe context, let record = unsafe record else { return 0 }
          let batch = unsafe Unmanaged<Batch>.fromOpaque(context).takeUnretainedValue()
          let bytes = unsafe UnsafeRawBufferPointer(start: record, count: Int(size))
          if let event = unsafe ProcessEvent(record: bytes) { batch.events.append(event) }
          // The record has been taken; a negative answer ends this call, and is its result.
          return batch.events.count < Batch.limit ? 0 : -ECANCELED
        }, context, nil))
  }

  deinit { unsafe ring_buffer__free(buffer) }

  /// Is ready to be read when a program has said so.
  var descriptor: Int32 { unsafe ring_buffer__epoll_fd(buffer) }

  /// Takes the oldest records; fewer than `Batch.limit` only if there are no more.
  func take() throws(BPFError) -> [ProcessEvent] {
    batch.events.removeAll(keepingCapacity: true)
    let result = unsafe ring_buffer__consume(buffer)
    if result != -ECANCELED { _ = try checked("read the BPF ring buffer", result) }
    return batch.events
  }
}
