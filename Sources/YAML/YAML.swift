// SPDX-License-Identifier: Apache-2.0

/// Converts YAML, a superset of JSON, to JSON for decoders that read only JSON.
package enum YAML {
  /// The limit of nested mappings and sequences.
  static let deepest = 64

  /// Converts a document to JSON.
  ///
  /// Plain scalars follow the core schema of YAML 1.2 for `null`, `true`, `false` and decimal numbers. All
  /// others become text.
  ///
  /// - Parameter bytes: One document. An empty one is `null`.
  /// - Throws: `YAMLError` for malformed YAML, duplicate keys, and nesting deeper than 64. Also for aliases,
  ///   which can expand a small file into a large one.
  /// - Complexity: O(bytes) in time and memory.
  package static func json(_ bytes: [UInt8]) throws(YAMLError) -> [UInt8] {
    var parser = try YAMLParser(bytes)
    var writer = JSONWriter()
    var documents = 0
    while true {
      let event = try parser.next()
      do throws(JSONWriter.Problem) {
        switch event {
        case .documentStart:
          documents += 1
          if documents > 1 { throw .init(reason: "there is more than one document") }
        case .mappingStart: try writer.begin(isMapping: true)
        case .sequenceStart: try writer.begin(isMapping: false)
        case .mappingEnd, .sequenceEnd: writer.end()
        case .scalar(let text, let isPlain): try writer.scalar(text, isPlain: isPlain)
        case .alias: throw .init(reason: "aliases are not supported")
        case .end: return documents == 0 ? Array("null".utf8) : writer.bytes
        }
      } catch {
        throw YAMLError(line: parser.line, problem: error.reason)
      }
    }
  }
}
