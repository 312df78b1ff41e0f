// SPDX-License-Identifier: Apache-2.0

import Platform

/// Why the bytes of a state cannot be used.
package enum StateError: Error, Equatable, CustomStringConvertible {
  /// Not a state of this program, or damaged.
  case broken
  /// The version of another release.
  case version(UInt8)

  /// The reason, in a few words.
  package var description: String {
    switch self {
    case .broken: "the file is damaged"
    case .version(let version): "the file has version \(version) and not \(StateArchive.version)"
    }
  }
}

/// The bytes of a state, and the one pass over it that writes or reads them.
///
/// Each type lists its fields once, in a `code` function, for both directions: when writing, a field is appended; when
/// reading, it is assigned. So what is read is what was written. Numbers are in as many bytes as they need, and a text
/// is there once. Reading checks every byte: no content makes it fail otherwise than by ``StateError``.
package struct StateArchive {
  /// Changes with the fields and their order.
  package static let version: UInt8 = 2
  private static let magic = Array("pidnsst".utf8)
  private static let headerSize = 24

  /// Whether fields are assigned, and not appended.
  let isReading: Bool
  private var bytes: [UInt8]
  private var offset = 0
  private var texts: [String] = []
  private var numbers: [String: UInt64] = [:]
  /// Now, by the clock of instants and in nanoseconds since boot.
  private let now: (instant: ContinuousClock.Instant, boot: Int64)

  /// Begins to write.
  ///
  /// - Parameter now: The same moment by both clocks.
  package init(now: (instant: ContinuousClock.Instant, boot: Int64)) {
    isReading = false
    bytes = []
    self.now = now
  }

  /// Begins to read the content of a file.
  package init(
    reading file: [UInt8], now: (instant: ContinuousClock.Instant, boot: Int64)
  ) throws(StateError) {
    guard file.count >= Self.headerSize, file.starts(with: Self.magic) else { throw .broken }
    let content = file[Self.headerSize...]
    guard Self.number(file[8..<16]) == UInt64(content.count),
      Self.number(file[16..<24]) == Self.checksum(version: file[7], content)
    else { throw .broken }
    guard file[7] == Self.version else { throw .version(file[7]) }
    isReading = true
    bytes = Array(content)
    self.now = now
  }

  /// The content of a file: magic, version, length, checksum, and all that was written.
  package var file: [UInt8] {
    Self.magic + [Self.version] + Self.bytes(UInt64(bytes.count))
      + Self.bytes(Self.checksum(version: Self.version, bytes[...])) + bytes
  }

  /// Throws if there are bytes left: another writer knew more fields.
  func finish() throws(StateError) {
    guard !isReading || offset == bytes.count else { throw .broken }
  }

  private static func checksum(version: UInt8, _ content: ArraySlice<UInt8>) -> UInt64 {
    var hash = FNV()
    hash.add(CollectionOfOne(version))
    hash.add(content)
    return hash.value
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  private mutating func byte() throws(StateError) -> UInt8 {
    guard offset < bytes.count else { throw .broken }
    offset += 1
    return bytes[offset - 1]
  }

  // MARK: Fields

  mutating func code(_ value: inout UInt64) throws(StateError) {
    guard isReading else {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      return bytes.append(UInt8(rest))
    }
    value = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return }
    }
    throw .broken
  }

  mutating func code(_ value: inout UInt32) throws(StateError) {
    var wide = UInt64(value)
    try code(&wide)
    guard let narrow = UInt32(exactly: wide) else { throw .broken }
    value = narrow
  }

  mutating func code(_ value: inout Int64) throws(StateError) {
    var zigzag = UInt64(bitPattern: value << 1 ^ value >> 63)
    try code(&zigzag)
    // So that adding to it cannot overflow.
    guard zigzag >> 63 == 0 else { throw .broken }
    value = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
  }

  mutating func code(_ value: inout Int) throws(StateError) {
    var wide = Int64(value)
    try code(&wide)
    value = Int(wide)
  }

  mutating func code(_ value: inout Bool) throws(StateError) {
    var number: UInt64 = value ? 1 : 0
    try code(&number)
    guard number <= 1 else { throw .broken }
    value = number == 1
  }

  /// Reads or writes a time in seconds: one that calendars and formats know, at most 30,000 years from now.
  mutating func code(_ value: inout Double) throws(StateError) {
    // The lower bits of most are 0.
    var bits = value.bitPattern.byteSwapped
    try code(&bits)
    value = Double(bitPattern: bits.byteSwapped)
    guard abs(value) < 1e12 else { throw .broken }
  }

  mutating func code(_ value: inout String) throws(StateError) {
    var number = numbers[value] ?? UInt64(numbers.count)
    try code(&number)
    if isReading && number < UInt64(texts.count) {
      value = texts[Int(number)]
      return
    }
    guard !isReading || number == UInt64(texts.count) else { throw .broken }
    guard isReading || number == UInt64(numbers.count) else { return }
    var count = UInt64(value.utf8.count)
    try code(&count)
    if isReading {
      guard count <= UInt64(bytes.count - offset) else { throw .broken }
      value = String(decoding: bytes[offset..<offset + Int(count)], as: UTF8.self)
      offset += Int(count)
      texts.append(value)
    } else {
      bytes.append(contentsOf: value.utf8)
      numbers[value] = number
    }
  }

  /// Adds or reads an instant. The time since then includes the time without a process.
  mutating func code(_ value: inout ContinuousClock.Instant) throws(StateError) {
    var boot = now.boot &+ Int64(clamping: Int((value - now.instant) / .nanoseconds(1)))
    try code(&boot)
    if isReading { value = now.instant + .nanoseconds(boot &- now.boot) }
  }

  /// Adds or reads an instant. The time since then excludes the time without a process.
  mutating func codeAge(since value: inout ContinuousClock.Instant) throws(StateError) {
    var age = Int64(clamping: Int((now.instant - value) / .nanoseconds(1)))
    try code(&age)
    if isReading { value = now.instant - .nanoseconds(age) }
  }

  /// - Parameter blank: A value that `body` replaces when reading.
  mutating func code<Value>(
    _ value: inout Value?, blank: @autoclosure () -> Value,
    _ body: (inout StateArchive, inout Value) throws(StateError) -> Void
  ) throws(StateError) {
    var exists = value != nil
    try code(&exists)
    guard exists else {
      value = nil
      return
    }
    var content = value ?? blank()
    try body(&self, &content)
    if isReading { value = content }
  }

  /// - Parameter blank: As of an optional.
  mutating func code<Value>(
    _ list: inout [Value], blank: @autoclosure () -> Value,
    _ body: (inout StateArchive, inout Value) throws(StateError) -> Void
  ) throws(StateError) {
    var count = UInt64(list.count)
    try code(&count)
    guard isReading else {
      for var value in list { try body(&self, &value) }
      return
    }
    // Each element has a byte at the least.
    guard count <= UInt64(bytes.count - offset) else { throw .broken }
    list = []
    for _ in 0..<count {
      var value = blank()
      try body(&self, &value)
      list.append(value)
    }
  }

  /// - Parameter blank: As of an optional.
  mutating func code<Key: Hashable, Value>(
    _ dictionary: inout [Key: Value], blank: @autoclosure () -> (key: Key, value: Value),
    _ body: (inout StateArchive, inout (key: Key, value: Value)) throws(StateError) -> Void
  ) throws(StateError) {
    var list = isReading ? [] : Array(dictionary)
    try code(&list, blank: blank(), body)
    guard isReading else { return }
    dictionary = Dictionary(list.map { ($0.key, $0.value) }) { first, _ in first }
    guard dictionary.count == list.count else { throw .broken }
  }
}
