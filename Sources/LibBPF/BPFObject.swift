// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Text

/// Owns a libbpf object with its programs and maps, and closes it (`bpf_object__close`).
///
/// Call in this order: open, configure, load, attach. Configuring after loading throws `BPFError`.
@safe package struct BPFObject: ~Copyable {
  private let object: OpaquePointer

  /// Opens an embedded object. Makes no system call.
  ///
  /// - Parameters:
  ///   - base64: The ELF object, in Base64.
  ///   - name: The object's name in messages of libbpf.
  package init(embedded base64: StaticString, name: String) throws(BPFError) {
    LibbpfLog.capture()
    let bytes = Base64.decode(base64)
    unsafe object = try checked(
      "open the embedded BPF object \(name)",
      bytes.withUnsafeBytes { unsafe shim_open_object($0.baseAddress, $0.count, name) })
  }

  deinit { unsafe bpf_object__close(object) }

  /// Creates the maps, verifies the enabled programs and loads them.
  ///
  /// Parsing the kernel's BTF needs 10 ms, and temporarily 20 MB of memory.
  ///
  /// - Throws: `BPFError`, with the program if it is one that cannot be loaded.
  package func load() throws(BPFError) {
    let result = unsafe bpf_object__load(object)
    guard result < 0 else { return }
    let log = LibbpfLog.drain()
    throw BPFError(
      "load the BPF programs", errno: result, detail: LibbpfLog.usefulLine(of: log),
      program: LibbpfLog.program(of: log))
  }

  /// Disables all other programs, so that they are neither verified nor loaded.
  package func loadOnly(_ names: [String]) throws(BPFError) {
    for name in programNames {
      _ = try checked(
        "choose BPF program \(name)", unsafe bpf_program__set_autoload(program(name), names.contains(name)))
    }
  }

  /// The names of all programs, in the order of the object.
  package var programNames: [String] {
    var names: [String] = []
    var next = unsafe bpf_object__next_program(object, nil)
    while let program = unsafe next {
      names.append(unsafe String(cString: bpf_program__name(program)))
      unsafe next = unsafe bpf_object__next_program(object, program)
    }
    return names
  }

  /// Sets the kernel function that a program attaches to. Call before load.
  package func setAttachTarget(_ function: String, of name: String) throws(BPFError) {
    _ = try checked(
      "have BPF program \(name) follow \(function)",
      unsafe bpf_program__set_attach_target(program(name), 0, function))
  }

  /// Does not create a map. Disable every program that uses it too. Call before load.
  package func disableMap(_ name: String) throws(BPFError) {
    _ = try checked("disable the BPF map \(name)", unsafe bpf_map__set_autocreate(map(name).map, false))
  }

  /// Writes the constants of the programs. Call before load; the verifier uses their values.
  ///
  /// - Parameters:
  ///   - constants: The bytes of the section.
  ///   - section: A section that contains only this variable.
  package func setConstants<Constants: BitwiseCopyable>(
    _ constants: Constants, in section: String
  ) throws(BPFError) {
    let section = try map(section)
    var constants = constants
    _ = try checked(
      "set the constants of the BPF programs",
      unsafe bpf_map__set_initial_value(section.map, &constants, MemoryLayout<Constants>.size))
  }

  /// Attaches a program to the hook that its section names. Releasing the result detaches it.
  package func attach(_ name: String) throws(BPFError) -> Link {
    unsafe Link(try checked("attach BPF program \(name)", bpf_program__attach(program(name))))
  }

  /// Attaches an iterator over tasks. Releasing the result detaches it.
  package func attachIterator(_ name: String) throws(BPFError) -> Link {
    unsafe Link(
      try checked("attach BPF iterator \(name)", bpf_program__attach_iter(program(name), nil)))
  }

  /// Returns a map by its name in the object's source.
  ///
  /// - Throws: `BPFError` if the object has no such map.
  package func map(_ name: String) throws(BPFError) -> BPFMap {
    unsafe BPFMap(
      map: try checked("find BPF map \(name)", bpf_object__find_map_by_name(object, name)))
  }

  /// Reads a loaded program's statistics. One system call.
  package func information(ofProgram name: String) throws(BPFError) -> ProgramInformation {
    try ProgramInformation(ofProgram: descriptor(ofProgram: name))
  }

  func descriptor(ofProgram name: String) throws(BPFError) -> Int32 {
    unsafe bpf_program__fd(try program(name))
  }

  private func program(_ name: String) throws(BPFError) -> OpaquePointer {
    unsafe try checked("find BPF program \(name)", bpf_object__find_program_by_name(object, name))
  }
}
