// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct JSONTests {
  private func value(_ text: String) -> JSONValue? { JSONValue(parsing: Array(text.utf8)) }

  @Test(
    "Each kind of value is read",
    arguments: [
      ("null", .null), (" true ", .bool(true)), ("false", .bool(false)), ("-12", .number("-12")),
      ("1.5", .number("1.5")), ("9223372036854775807", .number("9223372036854775807")),
      (#""a\u00e9\ud83d\ude00\n""#, .text("aé😀\n")), (#""a\u0000b""#, .text("a\0b")), ("[]", .list([])),
      ("{}", .object([:])), (#"[1,["x"]]"#, .list([.number("1"), .list([.text("x")])])),
      (#"{"a":{"b":null},"c":2}"#, .object(["a": .object(["b": .null]), "c": .number("2")])),
      (#"{"a":1,"a":2}"#, .object(["a": .number("2")])),
    ] as [(String, JSONValue)])
  func values(text: String, expected: JSONValue) { #expect(value(text) == expected) }

  @Test(
    "Malformed text has no value",
    arguments: [
      "", " ", "nul", "[1,]", "{\"a\"}", "{a:1}", "'a'", "1 2", "[", "\"", #""\x""#, #""\ud800""#, "01", "+1",
      "NaN", "1e999", "99999999999999999999", "\u{feff}1",
    ])
  func malformed(text: String) { #expect(value(text) == nil) }

  @Test("Invalid UTF-8 has no value")
  func encoding() { #expect(JSONValue(parsing: [0x22, 0xff, 0x22]) == nil) }

  @Test("Nesting depth is limited")
  func depth() {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    #expect(value(nested(64)) != nil)
    for levels in [65, 2000, 1_000_000] { #expect(value(nested(levels)) == nil) }
  }

  @Test("The number of values is limited, whatever is in strings")
  func values() throws {
    func list(_ count: Int) -> JSONValue? { value("[" + String(repeating: "1,", count: count - 1) + "1]") }
    #expect(list(JSONValue.mostValues)?.list?.count == JSONValue.mostValues)
    #expect(list(JSONValue.mostValues + 1) == nil)
    let separators = String(repeating: #"[{,\"\\"#, count: JSONValue.mostValues)
    let text = try #require(value(#"["\#(separators)"]"#)?.list?.first?.text)
    #expect(text.utf8.count == 5 * JSONValue.mostValues)
  }

  @Test("A member that is missing, null or of another type is nil")
  func members() throws {
    let object = try #require(value(#"{"text":"x","number":7,"real":7.5,"list":[1],"null":null,"yes":true}"#))
    #expect(object["text"]?.text == "x" && object["text"]?.integer == nil && object["text"]?["x"] == nil)
    #expect(object["number"]?.integer == 7 && object["number"]?.text == nil)
    #expect(object["real"]?.integer == nil)
    #expect(object["list"]?.list == [.number("1")] && object["list"]?.object == nil)
    #expect(object["null"] == nil && object["missing"] == nil)
    #expect(object["yes"]?.bool == true && object["number"]?.bool == nil)
  }
}
