// SPDX-License-Identifier: Apache-2.0

import BPFKit
import CLibBPF
import Glibc

/// Programs that do nothing, attached to the exporter's hooks until they go.
@safe final class EmptyPrograms {
  private let object: OpaquePointer
  private var links: [OpaquePointer]

  /// Loads and attaches them: they run after all that was attached before.
  init() throws {
    let bytes = Base64.decode(EmbeddedObject.empty)
    let opened = unsafe bytes.withUnsafeBytes { unsafe shim_open_object($0.baseAddress, $0.count, "empty") }
    guard let object = unsafe opened else {
      throw BenchError("cannot open the empty programs: errno \(errno)")
    }
    unsafe self.object = unsafe object
    unsafe links = []
    guard unsafe bpf_object__load(object) == 0 else {
      throw BenchError("cannot load the empty programs: errno \(errno)")
    }
    var program = unsafe bpf_object__next_program(object, nil)
    while let current = unsafe program {
      guard let link = unsafe bpf_program__attach(current) else {
        throw BenchError("cannot attach an empty program: errno \(errno)")
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
