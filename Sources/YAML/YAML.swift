// SPDX-License-Identifier: Apache-2.0

/// Reads YAML, of which JSON is a part, as JSON: for decoders that know that alone.
package enum YAML {
  /// Mappings and sequences in one another.
  static let deepest = 64

  /// Writes a document as JSON.
  ///
  /// Plain scalars are what the core schema of YAML 1.2 has them be: `null`, `true`, `false` and decimal numbers;
  /// all else is text. Aliases are refused, which are how a small file becomes a large one, and so are keys that are
  /// there twice, and what is nested deeper than 64.
  ///
  /// - Parameter bytes: One document; an empty one is `null`.
  /// - Complexity: O(bytes), in time and in memory, by libyaml.
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
