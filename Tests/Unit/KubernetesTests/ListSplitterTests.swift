// SPDX-License-Identifier: Apache-2.0

import Containers
import JSON
import Testing
import TestSupport

@testable import Kubernetes

@Suite struct ListSplitterTests {
  private struct Parts: Equatable {
    var items: [String] = []
    var metadata: String?
    var isComplete = false
  }

  private func split(_ text: String, at cuts: [Int] = []) throws -> Parts {
    let bytes = Array(text.utf8)
    var splitter = ListSplitter()
    var parts = Parts()
    for (start, end) in zip([0] + cuts, cuts + [bytes.count]) {
      for item in try splitter.feed(Array(bytes[start..<end]).span) {
        parts.items.append(String(decoding: item, as: UTF8.self))
      }
    }
    parts.metadata = splitter.metadata.map { String(decoding: $0, as: UTF8.self) }
    parts.isComplete = splitter.isComplete && splitter.hasItems
    return parts
  }

  /// Lists and their items.
  private static let lists: [(String, items: [String], metadata: String?)] = [
    (
      #"{"metadata":{"resourceVersion":"1"},"items":[{"a":1},{"b":[2]}]}"#, [#"{"a":1}"#, #"{"b":[2]}"#],
      #"{"resourceVersion":"1"}"#
    ),
    (
      " {\n \"items\" : [ {\"a\":1} , {} ] ,\t\"metadata\" : {\"x\":{}}\r\n } \n", [#"{"a":1}"#, "{}"],
      #"{"x":{}}"#
    ),
    (#"{"kind":"PodList","n":-1.5e3,"t":true,"x":null,"y":["]",{"items":[1]}],"items":[]}"#, [], nil),
    (#"{"items":null,"metadata":{"resourceVersion":"1"}}"#, [], #"{"resourceVersion":"1"}"#),
    (
      #"{"items":[{"a":"}]\",[{\\"},{"\"":"\\\""}],"\"items\"":[1]}"#,
      [#"{"a":"}]\",[{\\"}"#, #"{"\"":"\\\""}"#], nil
    ),
    (
      #"{"items":[1,"a",null ,[{}],{"é":"\u00e9☃"}]}"#, ["1", #""a""#, "null", "[{}]", #"{"é":"\u00e9☃"}"#],
      nil
    ),
  ]

  @Test("Items and metadata do not depend on where the body is split into chunks", arguments: lists)
  func boundaries(text: String, items: [String], metadata: String?) throws {
    let expected = Parts(items: items, metadata: metadata, isComplete: true)
    for cut in 0...text.utf8.count {
      #expect(try split(text, at: [cut]) == expected, "cut at \(cut)")
    }
    #expect(try split(text, at: Array(1..<text.utf8.count)) == expected, "byte by byte")
  }

  @Test("A truncated list is never complete", arguments: lists)
  func cut(text: String, items: [String], metadata: String?) throws {
    let end = text.utf8.count - text.reversed().prefix { $0 != "}" }.count
    for length in 0..<end {
      let beginning = String(decoding: Array(text.utf8)[..<length], as: UTF8.self)
      #expect(try !split(beginning).isComplete, "\(beginning)")
    }
  }

  @Test(
    "A body that is not a list is rejected or never complete",
    arguments: [
      "", "[]", "null", "x", #"{"items":[,]}"#, #"{"items":[1,]}"#, #"{"items":[1}"#, #"{"items"}"#,
      #"{"a":,}"#,
      #"{"a":1,}"#, "{}x", "{1:2}", #"{"a" 1}"#, #"{"a":1]"#, #"{"items":{}}x"#, "<html></html>", "\u{0}",
    ])
  func malformed(text: String) {
    let parts = try? split(text)
    #expect(parts?.isComplete != true)
  }

  @Test("Random corruption: valid JSON is split, and the result does not depend on the chunks")
  func randomFaults() throws {
    var random = SeededGenerator.printingSeed("ListSplitterTests.randomFaults")
    let alphabet = Array(#"{}[]",:\ items0"#.utf8)
    var (split, refused) = (0, 0)
    for _ in 0..<20_000 {
      var bytes = Array(#"{"items":[{"a":[1,"x"]},2,{}],"metadata":{"b":null}}"#.utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let fault = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = fault
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let whole = try? self.split(text)
      let cut = Int.random(in: 0...bytes.count, using: &random)
      #expect(whole == (try? self.split(text, at: [cut])), "\(text) cut at \(cut)")
      // Not by Foundation, which reads `[1,]`.
      if let items = JSONValue(parsing: bytes)?["items"]?.list {
        #expect(whole?.isComplete == true && whole?.items.count == items.count, "\(text)")
        split += 1
      }
      if whole?.isComplete != true { refused += 1 }
    }
    #expect(split > 1000 && refused > 1000)
  }

  @Test("An oversized item is skipped; oversized metadata is rejected")
  func limits() throws {
    let big = #"{"a":""# + String(repeating: "x", count: ListSplitter.itemLimit) + #""}"#
    var splitter = ListSplitter()
    let items = try splitter.feed(Array("{\"items\":[{},\(big),{}]}".utf8).span)
    #expect(items.map { String(decoding: $0, as: UTF8.self) } == ["{}", "{}"])
    #expect(splitter.oversized == 1 && splitter.isComplete)

    let metadata = String(repeating: "x", count: ListSplitter.metadataLimit)
    #expect(throws: WatchFailure(.invalid, "the response is not a list")) {
      try split("{\"metadata\":\"\(metadata)\"")
    }
  }
}

@Suite struct LineSplitterTests {
  @Test("Lines do not depend on the chunks, and empty lines are skipped")
  func boundaries() throws {
    let bytes = Array("{\"a\":1}\n\n{\"é\":\"\\n\"}\n{}\nrest".utf8)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        var splitter = LineSplitter()
        var lines: [String] = []
        for chunk in [bytes[..<first], bytes[first..<second], bytes[second...]] {
          lines += try splitter.feed(Array(chunk).span).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(lines == ["{\"a\":1}", "{\"é\":\"\\n\"}", "{}"])
        #expect(splitter.isInsideLine)
      }
    }
  }

  @Test("A line of 8 MiB is accepted, a longer one rejected")
  func limit() throws {
    var splitter = LineSplitter()
    let line = [UInt8](repeating: 0x20, count: LineSplitter.limit)
    #expect(try splitter.feed((line + [0x0a]).span).map(\.count) == [LineSplitter.limit])
    #expect(!splitter.isInsideLine)
    #expect(throws: WatchFailure.self) { try splitter.feed((line + [0x20]).span) }
  }
}
