// SPDX-License-Identifier: Apache-2.0

import CLibYAML

/// Owns a libyaml parser and the text that it reads, and frees both.
@safe struct YAMLParser: ~Copyable {
  /// A parser event that the conversion needs.
  enum Event: Equatable {
    case documentStart
    case mappingStart
    case mappingEnd
    case sequenceStart
    case sequenceEnd
    /// A scalar. A plain one may be a number, a boolean or null; others are strings.
    case scalar([UInt8], isPlain: Bool)
    case alias
    case end
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let text: UnsafeMutableBufferPointer<UInt8>
  /// The line of the last event, counted from 1.
  private(set) var line = 1

  /// Copies a text in UTF-8 or UTF-16 and creates a parser for it.
  ///
  /// - Throws: `YAMLError` if libyaml has no memory.
  init(_ bytes: [UInt8]) throws(YAMLError) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    guard unsafe yaml_parser_initialize(parser) == 1 else {
      unsafe parser.deallocate()
      throw YAMLError(line: 1, problem: "there is no memory to read it")
    }
    let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = unsafe text.initialize(from: bytes)
    unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    unsafe self.parser = parser
    unsafe self.text = text
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe text.deallocate()
  }

  /// Returns the next event, and skips those that the conversion does not need.
  ///
  /// - Throws: `YAMLError` for malformed YAML, with libyaml's reason.
  mutating func next() throws(YAMLError) -> Event {
    while true {
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(parser, &event) == 1 else {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        throw YAMLError(
          line: unsafe parser.pointee.problem_mark.line + 1, problem: problem ?? "it cannot be read")
      }
      defer { unsafe yaml_event_delete(&event) }
      line = unsafe Int(event.start_mark.line) + 1
      switch unsafe event.type {
      case YAML_DOCUMENT_START_EVENT: return .documentStart
      case YAML_MAPPING_START_EVENT: return .mappingStart
      case YAML_MAPPING_END_EVENT: return .mappingEnd
      case YAML_SEQUENCE_START_EVENT: return .sequenceStart
      case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
      case YAML_SCALAR_EVENT:
        let scalar = unsafe event.data.scalar
        let bytes = unsafe Array(UnsafeBufferPointer(start: scalar.value, count: scalar.length))
        return unsafe .scalar(bytes, isPlain: scalar.plain_implicit == 1)
      case YAML_ALIAS_EVENT: return .alias
      case YAML_STREAM_END_EVENT: return .end
      default: continue
      }
    }
  }
}
