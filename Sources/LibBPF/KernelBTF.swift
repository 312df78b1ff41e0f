// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc

/// The running kernel's type information (BTF), for a few look-ups by name.
///
/// libbpf reads it too, to load programs, but does not share it. To open it once more with libbpf needs 10 ms and 20 MB,
/// mostly for an index that a few look-ups do not need. This needs 3 ms.
///
/// Source: <https://docs.kernel.org/bpf/btf.html>, and struct btf_header in include/uapi/linux/btf.h.
package struct KernelBTF {
  /// The kinds of parameter types that callers distinguish.
  package enum Kind: Equatable, Sendable {
    case pointer, integer, other
  }

  /// What can be looked up.
  package struct Names {
    let tracepoints, functions, typedefs, structures: [String]

    /// - Parameter tracepoints: Names of the kernel's tracepoints.
    package init(
      tracepoints: [String] = [], functions: [String] = [], typedefs: [String] = [], structures: [String] = []
    ) {
      (self.tracepoints, self.functions, self.typedefs) = (tracepoints, functions, typedefs)
      self.structures = structures
    }
  }

  package static let path = "/sys/kernel/btf/vmlinux"

  private let file: MappedFile
  private let strings: Range<Int>
  /// The position of each type in the file, by its number. Number 0 is void.
  private var positions: [UInt32] = [0]
  /// The numbers of the types that were found, by kind and name.
  private var found: [Int: [String: Int]] = [:]

  /// Reads the types, and finds those with given names. Before Linux 6.16 the file cannot be mapped, and is copied, which takes
  /// longer.
  ///
  /// - Parameter path: Where they are; another file for tests.
  package init(finding names: Names, in path: String = path) throws(BPFError) {
    file = try MappedFile(path)
    let header = file.header
    guard let header, header.magic == 0xeb9f, header.version == 1 else { throw Self.invalid }
    let types = Int(header.hdr_len) + Int(header.type_off)
    strings =
      Int(header.hdr_len) + Int(header.str_off)..<Int(header.hdr_len) + Int(header.str_off)
      + Int(header.str_len)
    guard types + Int(header.type_len) <= file.count, file.count <= UInt32.max,
      strings.upperBound <= file.count, !strings.isEmpty, file.byte(at: strings.upperBound - 1) == 0
    else { throw Self.invalid }
    try scan(types..<types + Int(header.type_len), WantedNames(names))
  }

  /// Returns whether the kernel has a typedef with this name, which was looked up.
  package func hasTypedef(_ name: String) -> Bool { found[TypeKind.typedef]?[name] != nil }

  /// Returns whether the kernel has a function with this name, which was looked up.
  package func hasFunction(_ name: String) -> Bool { found[TypeKind.function]?[name] != nil }

  /// Returns the kinds of the parameters of a tracepoint that was looked up; empty if it does not exist. The first
  /// parameter is the tracepoint's own data.
  package func parameters(ofTracepoint name: String) -> [Kind] {
    // typedef → pointer → prototype
    var type = found[TypeKind.typedef]?["btf_trace_" + name]
    for _ in 0..<3 {
      guard let number = type, number > 0, number < positions.count else { break }
      let position = Int(positions[number])
      switch kind(at: position) {
      case TypeKind.typedef, TypeKind.pointer: type = Int(file.word(at: position + 8))
      case TypeKind.prototype:
        return (0..<count(at: position)).map {
          kind(ofParameter: Int(file.word(at: position + 12 + 8 * $0 + 4)))
        }
      default: return []
      }
    }
    return []
  }

  /// Returns whether a structure that was looked up has a member.
  package func structure(_ name: String, hasMember member: String) -> Bool {
    guard let number = found[TypeKind.structure]?[name] else { return false }
    let position = Int(positions[number])
    let name = member.utf8CString
    return (0..<count(at: position)).contains { isNamed(position + 12 + 12 * $0, name) }
  }

  /// Finds the position of each type.
  private mutating func scan(_ types: Range<Int>, _ wanted: WantedNames) throws(BPFError) {
    positions.reserveCapacity(types.count / 24)
    var position = types.lowerBound
    while position + 12 <= types.upperBound {
      let kind = kind(at: position)
      guard let length = Self.length(kind, count(at: position)), position + 12 + length <= types.upperBound
      else {
        throw Self.invalid
      }
      let names =
        switch kind {
        case TypeKind.typedef: wanted.typedefs
        case TypeKind.function: wanted.functions
        case TypeKind.structure: wanted.structures
        default: [WantedNames.Name]()
        }
      for name in names where isNamed(position, name.bytes) {
        found[kind, default: [:]][name.text] = positions.count
      }
      positions.append(UInt32(position))
      position += 12 + length
    }
  }

  /// The length of what follows a type's three words; nil for an unknown kind.
  private static func length(_ kind: Int, _ count: Int) -> Int? {
    switch kind {
    case TypeKind.pointer, TypeKind.forward, TypeKind.typedef, TypeKind.volatile, TypeKind.constant,
      TypeKind.restrict,
      TypeKind.function, TypeKind.float, TypeKind.typeTag:
      0
    case TypeKind.integer, TypeKind.variable, TypeKind.declarationTag: 4
    case TypeKind.array: 12
    case TypeKind.enumeration, TypeKind.prototype: 8 * count
    case TypeKind.structure, TypeKind.union, TypeKind.dataSection, TypeKind.longEnumeration: 12 * count
    default: nil
    }
  }

  private func kind(at position: Int) -> Int { Int(file.word(at: position + 4) >> 24 & 0x1f) }

  private func count(at position: Int) -> Int { Int(file.word(at: position + 4) & 0xffff) }

  private func kind(ofParameter type: Int) -> Kind {
    guard type > 0, type < positions.count else { return .other }
    return switch kind(at: Int(positions[type])) {
    case TypeKind.pointer: .pointer
    case TypeKind.integer: .integer
    default: .other
    }
  }

  /// Whether the type or member at a position, which begins with the offset of its name, has a name.
  private func isNamed(_ position: Int, _ name: ContiguousArray<CChar>) -> Bool {
    let offset = Int(file.word(at: position))
    return offset < strings.count && file.string(at: strings.lowerBound + offset, equals: name)
  }

  private static var invalid: BPFError {
    BPFError("read the kernel's BTF, \(path)", errno: EINVAL, detail: "unknown format")
  }
}

/// The names to look up by the kind of their type, as C has them: all names of the kernel are compared with them.
private struct WantedNames {
  struct Name {
    let text: String
    /// With the zero byte.
    let bytes: ContiguousArray<CChar>

    init(_ text: String) { (self.text, bytes) = (text, text.utf8CString) }
  }

  let typedefs, functions, structures: [Name]

  init(_ names: KernelBTF.Names) {
    typedefs = (names.typedefs + names.tracepoints.map { "btf_trace_" + $0 }).map { Name($0) }
    functions = names.functions.map { Name($0) }
    structures = names.structures.map { Name($0) }
  }
}

/// Kinds of types, as numbers: the headers of libbpf have some of them twice, as macros and as an enumeration.
private enum TypeKind {
  static let (integer, pointer, array, structure, union, enumeration, forward) = (1, 2, 3, 4, 5, 6, 7)
  static let (typedef, volatile, constant, restrict, function, prototype) = (8, 9, 10, 11, 12, 13)
  static let (variable, dataSection, float, declarationTag, typeTag, longEnumeration) = (
    14, 15, 16, 17, 18, 19
  )
}

/// A file that is mapped, or read if it cannot be mapped. Owns the memory.
@safe private final class MappedFile {
  private let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  var count: Int { unsafe bytes.count }

  init(_ path: String) throws(BPFError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0, status.st_size > 0 else {
      let reason = errno
      if descriptor >= 0 { _ = close(descriptor) }
      throw BPFError("read the kernel's BTF, \(path)", errno: reason == 0 ? EINVAL : reason)
    }
    defer { _ = close(descriptor) }
    let size = Int(status.st_size)
    let mapped = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    if unsafe mapped != MAP_FAILED {
      unsafe bytes = UnsafeRawBufferPointer(start: mapped, count: size)
      isMapped = true
      return
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
    var filled = 0
    while filled < size {
      let got = unsafe read(descriptor, memory.baseAddress?.advanced(by: filled), size - filled)
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else {
        let reason = got < 0 ? errno : EINVAL
        unsafe memory.deallocate()
        throw BPFError("read the kernel's BTF, \(path)", errno: reason)
      }
      filled += got
    }
    unsafe bytes = UnsafeRawBufferPointer(memory)
    isMapped = false
  }

  deinit {
    if isMapped {
      _ = unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      unsafe bytes.deallocate()
    }
  }

  /// The header; nil for a shorter file.
  var header: btf_header? {
    count < MemoryLayout<btf_header>.size ? nil : unsafe bytes.loadUnaligned(as: btf_header.self)
  }

  func byte(at offset: Int) -> UInt8 { unsafe bytes[offset] }

  /// - Precondition: Within the file.
  @inline(__always) func word(at offset: Int) -> UInt32 {
    precondition(offset >= 0 && offset + 4 <= count, "outside of the file")
    return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }

  /// Compares a string that ends with a zero byte. There is one behind `offset`.
  @inline(__always) func string(at offset: Int, equals text: ContiguousArray<CChar>) -> Bool {
    guard let base = unsafe bytes.baseAddress else { return false }
    return unsafe text.withUnsafeBufferPointer { text in
      guard let text = text.baseAddress else { return false }
      return unsafe strcmp(base.advanced(by: offset).assumingMemoryBound(to: CChar.self), text) == 0
    }
  }
}
