// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import LibBPF
import Probe
import Text

/// Baseline BPF programs, attached to the exporter's hooks until the object is released.
@safe final class BaselinePrograms {
  enum Kind: String {
    /// `empty.bpf.c`: the cost of a run without counting.
    case empty
    /// `counts.bpf.c`: the exporter's programs before exit reasons existed.
    case counts
    /// `bare.bpf.c`: two counters by inum, the minimum of counting.
    case bare
    /// `clock.bpf.c`: `bare`, and the time of an exit.
    case clock
    // Ways to count by cgroup, see the files of these names.
    case unsplit, longkey, everykey, twomaps, storage

    fileprivate var object: StaticString {
      switch self {
      case .empty: EmbeddedObject.empty
      case .counts: EmbeddedObject.counts
      case .bare: EmbeddedObject.bare
      case .clock: EmbeddedObject.clock
      case .unsplit: EmbeddedObject.unsplit
      case .longkey: EmbeddedObject.longkey
      case .everykey: EmbeddedObject.everykey
      case .twomaps: EmbeddedObject.twomaps
      case .storage: EmbeddedObject.storage
      }
    }
  }

  private let object: OpaquePointer
  private var links: [OpaquePointer]

  /// Loads and attaches the programs. They run after those that were attached before.
  init(_ kind: Kind) throws {
    let bytes = Base64.decode(kind.object)
    let opened = unsafe bytes.withUnsafeBytes {
      unsafe shim_open_object($0.baseAddress, $0.count, kind.rawValue)
    }
    guard let object = unsafe opened else {
      throw BenchError("cannot open \(kind.rawValue).bpf.c: errno \(errno)")
    }
    unsafe self.object = unsafe object
    unsafe links = []
    guard unsafe bpf_object__load(object) == 0 else {
      throw BenchError("cannot load \(kind.rawValue).bpf.c: errno \(errno)")
    }
    var program = unsafe bpf_object__next_program(object, nil)
    while let current = unsafe program {
      guard let link = unsafe bpf_program__attach(current) else {
        throw BenchError("cannot attach a program of \(kind.rawValue).bpf.c: errno \(errno)")
      }
      unsafe links.append(unsafe link)
      unsafe program = unsafe bpf_object__next_program(object, current)
    }
  }

  deinit {
    unsafe links.forEach { _ = unsafe bpf_link__destroy($0) }
    unsafe bpf_object__close(object)
  }
}
