// SPDX-License-Identifier: Apache-2.0

package import JSON

/// Reads YAML, a superset of JSON.
package enum YAML {
  /// Returns the value of a document.
  ///
  /// Plain scalars follow the core schema of YAML 1.2 for `null`, `true`, `false` and decimal numbers. All
  /// others are text.
  ///
  /// - Parameter bytes: One document. An empty one is null.
  /// - Throws: `YAMLError` for malformed YAML, duplicate keys, and nesting deeper than 64. Also for aliases,
  ///   which can expand a small file into a large one.
  /// - Complexity: O(bytes) in time and memory.
  package static func value(_ bytes: [UInt8]) throws(YAMLError) -> JSONValue {
    var parser = try YAMLParser(bytes)
    var builder = TreeBuilder()
    var documents = 0
    while true {
      let event = try parser.next()
      do throws(TreeBuilder.Problem) {
        switch event {
        case .documentStart:
          documents += 1
          if documents > 1 { throw .init(reason: "there is more than one document") }
        case .mappingStart: try builder.begin(isMapping: true)
        case .sequenceStart: try builder.begin(isMapping: false)
        case .mappingEnd, .sequenceEnd: builder.end()
        case .scalar(let text, let isPlain): try builder.scalar(text, isPlain: isPlain)
        case .alias: throw .init(reason: "aliases are not supported")
        case .end: return builder.root
        }
      } catch {
        throw YAMLError(line: parser.line, problem: error.reason)
      }
    }
  }
}
