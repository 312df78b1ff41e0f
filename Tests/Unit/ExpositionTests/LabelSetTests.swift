// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Exposition

@Suite struct LabelSetTests {
  @Test(arguments: [
    ("plain", "plain"),
    ("", ""),
    (#"""#, #"\""#),
    (#"\"#, #"\\"#),
    ("\n", #"\n"#),
    (#"\n"#, #"\\n"#),
    (#"a"b\c"# + "\nd", #"a\"b\\c\nd"#),
    ("\r\n", "\r" + #"\n"#),
    ("{},= #", "{},= #"),
    ("日本語 é 🐧", "日本語 é 🐧"),
    ("e\u{301}", "e\u{301}"),
    ("nul\0end", "nul\0end"),
  ])
  func valuesAreEscaped(value: String, expected: String) {
    // Bytes, because Strings compare by canonical equivalence.
    #expect(LabelSet(["a": value]).bytes == Array("a=\"\(expected)\"".utf8))
  }

  @Test(arguments: textFormats)
  func escapedValueStandsInTheLine(format: ExpositionFormat) {
    let text = encode(format) {
      $0.begin(MetricFamily("x", .gauge, help: "X."))
      $0.sample(LabelSet(["a": "\"\\\n"]), 3)
    }
    #expect(text.contains("\n" + #"x{a="\"\\\n"} 3"# + "\n"))
  }

  @Test func orderIsKeptAndMatters() {
    let labels = LabelSet(["b": "1", "a": ""])
    #expect(labels.bytes == Array(#"b="1",a="""#.utf8))
    #expect(labels == LabelSet(["b": "1", "a": ""]))
    #expect(labels != LabelSet(["a": "", "b": "1"]))
  }

  @Test func namesAreReadBackWhateverTheValuesHold() {
    #expect(LabelSet.empty.names == [])
    #expect(LabelSet(["a": "", "b": #"",c=""#, "d": #"\"#, "e": "="]).names == ["a", "b", "d", "e"])
  }

  @Test func wrongNamesTrap() async {
    await #expect(processExitsWith: .failure) { _ = LabelSet(["": "x"]) }
    await #expect(processExitsWith: .failure) { _ = LabelSet(["1a": "x"]) }
    await #expect(processExitsWith: .failure) { _ = LabelSet(["a-b": "x"]) }
    await #expect(processExitsWith: .failure) { _ = LabelSet(["__name__": "x"]) }
    await #expect(processExitsWith: .failure) { _ = LabelSet(["a": "x", "a": "y"]) }
  }
}
