// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import YAML

@Suite struct YAMLTests {
  private func value(_ text: String) throws -> JSONValue { try YAML.value(Array(text.utf8)) }

  @Test(
    "A YAML document has the value of the equivalent JSON",
    arguments: [
      ("", "null"), ("---\n", "null"), ("a: b", #"{"a":"b"}"#), ("- a\n- 1\n", #"["a",1]"#),
      ("a: {b: [c, 'd'], e: }", #"{"a":{"b":["c","d"],"e":null}}"#),
      ("a:\n- b: 1\n  c: 2\n- d\n", #"{"a":[{"b":1,"c":2},"d"]}"#),
      ("a: |\n  x\n  y\n", #"{"a":"x\ny\n"}"#), ("a: >-\n  x\n  y\n", #"{"a":"x y"}"#),
      (#"{"a": "\t\"\\", "b": [true, null]}"#, #"{"a":"\t\"\\","b":[true,null]}"#),
      ("é: ü # comment", #"{"é":"ü"}"#), ("[]", "[]"), ("{}", "{}"), ("1: 2", #"{"1":2}"#),
      ("word", #""word""#),
    ])
  func documents(text: String, json: String) throws {
    #expect(try value(text) == JSONValue(parsing: Array(json.utf8)))
  }

  @Test(
    "A plain scalar has the type of the core schema; a quoted one is text",
    arguments: [
      ("~", .null), ("NULL", .null), ("True", .bool(true)), ("FALSE", .bool(false)), ("yes", .text("yes")),
      ("0", .number("0")), ("-12", .number("-12")), ("1.50", .number("1.50")), ("1e3", .number("1e3")),
      ("-0.5E-7", .number("-0.5E-7")), ("01", .text("01")), ("+1", .text("+1")), (".5", .text(".5")),
      ("1.", .text("1.")), ("1e", .text("1e")), ("0x1f", .text("0x1f")),
      (".inf", .text(".inf")), ("1.2.3", .text("1.2.3")), ("'1'", .text("1")), ("\"true\"", .text("true")),
      ("!!str 1", .text("1")), ("2026-01-01", .text("2026-01-01")),
    ] as [(String, JSONValue)])
  func scalars(text: String, expected: JSONValue) throws {
    #expect(try value("a: \(text)") == .object(["a": expected]))
  }

  @Test(
    "Unsupported syntax is rejected with its line number and without its text",
    arguments: [
      ("a: secret\nb: [", 3), ("\tsecret: 1", 1), ("a: 1\na: 2", 2), ("&x a: *x", 1),
      ("a: &x secret\nb: *x", 2),
      ("a\n---\nb", 2), ("? [a]\n: b", 1), ("a: \"secret", 1), ("a: b: c", 1), ("%YAML 9.9\n---\na", 1),
    ])
  func problems(text: String, line: Int) throws {
    let error = #expect(throws: YAMLError.self) { try value(text) }
    #expect(error?.line == line)
    #expect(error?.description.contains("secret") == false)
    #expect(error?.description.contains("\n") == false)
  }

  @Test("Invalid UTF-8 is rejected")
  func encoding() {
    #expect(throws: YAMLError.self) { try YAML.value([0x61, 0x3a, 0x20, 0xff, 0xfe, 0xc3]) }
    #expect(throws: YAMLError.self) { try YAML.value([0]) }
  }

  @Test("Nesting depth is limited")
  func depth() throws {
    let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(try value(deepest) == JSONValue(parsing: Array(deepest.utf8)))
    #expect(throws: YAMLError(line: 1, problem: "it is nested too deeply")) { try value("[" + deepest + "]") }
    #expect(throws: YAMLError.self) { try value(String(repeating: "[", count: 100_000)) }
  }
}
