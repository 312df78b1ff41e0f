// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Harness

/// The BPF programs of the whole machine.
enum LoadedPrograms {
  /// What they are called: the first 15 bytes of it.
  static func names() throws -> Set<String> {
    var names: Set<String> = []
    var id: UInt32 = 0
    while unsafe bpf_prog_get_next_id(id, &id) == 0 {
      let descriptor = bpf_prog_get_fd_by_id(id)
      // It may have gone since.
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      var info = bpf_prog_info()
      var size = UInt32(MemoryLayout<bpf_prog_info>.size)
      guard unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size) == 0 else {
        throw TestFailure("a BPF program says nothing of itself")
      }
      names.insert(
        unsafe withUnsafeBytes(of: info.name) {
          unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }
}
