// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing

@testable import pidns_exporter

/// Compares the documents and the Makefile with the program.
@Suite struct DocumentTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    .standardized

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// Flags without their `no-` form, in the order of their first mention.
  static func flags(in text: String) -> [String] {
    var seen: Set<String> = ["help"]
    return text.matches(of: /--(?:no-)?([a-z][a-z.-]*[a-z])/).map { String($0.1) }
      .filter { seen.insert($0).inserted }
  }

  /// The flags that --help declares: the first word of their line.
  static func declared(_ help: String) -> [String] {
    flags(
      in: help.split(separator: "\n").compactMap {
        $0.hasPrefix("  --") ? $0.prefix { $0 != "<" }.dropFirst(2).prefix { $0 != " " } : nil
      }
      .joined(separator: "\n"))
  }

  @Test("docs/flags.md lists the exporter's flags in the order of --help")
  func flagsPage() throws {
    let rows = try Self.text("docs/flags.md").split(separator: "\n").compactMap {
      $0.prefixMatch(of: /\| (`--[^|]*)\|/)?.1
    }
    #expect(Self.flags(in: rows.joined(separator: "\n")) == Self.declared(Serve.helpMessage()))
  }

  @Test("--help starts with the most common options and ends with the rarest")
  func helpOrder() throws {
    let sections = Serve.helpMessage().split(separator: "\n").compactMap {
      $0.wholeMatch(of: /([A-Z][A-Z' ]+):/).map { String($0.1) }
    }
    #expect(sections.first == "SERVING")
    #expect(sections.suffix(2) == ["RARELY NEEDED", "OPTIONS"])
    let events = Self.declared(EventsCommand.helpMessage())
    #expect(events.first == "fork")
    #expect(try #require(events.firstIndex(of: "failed")) < #require(events.firstIndex(of: "docker.root")))
    #expect(Self.declared(TopCommand.helpMessage()).first == "url")
  }

  @Test("The README stays short, and its first load equals that of the walk-through")
  func readme() throws {
    let readme = try Self.text("README.md")
    #expect(readme.split(separator: "\n", omittingEmptySubsequences: false).count <= 121)
    let load = try #require(readme.firstMatch(of: /\# (unshare .*)/)?.1)
    #expect(try Self.text("docs/walk-through.md").contains("\n# \(load)\n"))
  }

  @Test("Links between documents point to existing files and headings")
  func links() throws {
    let files = try FileManager.default.subpathsOfDirectory(atPath: Self.root.path)
      .filter { $0.hasSuffix(".md") && !$0.hasPrefix(".build") && !$0.hasPrefix(".git") }
    #expect(files.contains("README.md"))
    for file in files {
      let folder = Self.root.appending(path: file).deletingLastPathComponent()
      for link in try Self.text(file).matches(of: /\]\(([^)\s:#]*)(?:#([^)\s]+))?\)/) {
        let path = link.1.isEmpty ? Self.root.appending(path: file) : folder.appending(path: String(link.1))
        #expect(FileManager.default.fileExists(atPath: path.path), "\(file): \(link.0)")
        guard let heading = link.2, path.pathExtension == "md" else { continue }
        let page = try String(contentsOf: path, encoding: .utf8)
        #expect(Self.anchors(page).contains(String(heading)), "\(file): \(link.0)")
      }
    }
  }

  /// The anchors of a page: those that GitHub derives from headings, and explicit ones.
  static func anchors(_ page: String) -> Set<String> {
    var anchors = Set(page.matches(of: /<a name="([^"]+)">/).map { String($0.1) })
    for heading in page.matches(of: /\n#+ (.*)/) {
      anchors.insert(
        String(
          heading.1.lowercased().map { $0 == " " ? "-" : $0 }
            .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }))
    }
    return anchors
  }

  @Test("make help and CONTRIBUTING list every target, with the durations of the long ones")
  func targets() throws {
    let help = try Self.text("Makefile").matches(of: /(?m)^([a-z-]+):.*## (.*)$/)
    let table = try Self.text("CONTRIBUTING.md").split(separator: "\n").filter { $0.hasPrefix("| `make ") }
      .joined(separator: "\n")
    #expect(help.count > 20)
    let immediate: Set<Substring> = ["help", "uninstall", "clean"]
    for target in help where !immediate.contains(target.1) {
      #expect(target.2.contains(/\(.*(\d+ (min|s|h)\b|seconds)/), "make \(target.1): \(target.2)")
      #expect(
        target.1 == "build" || table.contains("`make \(target.1)`") || table.contains("`make \(target.1) "),
        "CONTRIBUTING: make \(target.1)")
    }
  }

  @Test("Each test that SECURITY.md names exists, and each fuzz target is in the table of its README")
  func securityTests() throws {
    let folder = Self.root.appending(path: "Tests")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    let swift = files.filter { $0.hasSuffix(".swift") && !$0.hasPrefix("Fuzz") }
    let suites = try swift.flatMap { file in
      try Self.text("Tests/\(file)").matches(of: /(?:struct|extension) ([A-Za-z]+Tests)\b/).map { $0.1 } + [
        Substring(file.split(separator: "/").last?.dropLast(6) ?? "")
      ]
    }
    let security = try Self.text("SECURITY.md")
    let named = security.matches(of: /`([A-Za-z]+Tests)`/).map { $0.1 }
    #expect(named.count > 20)
    #expect(named.filter { !suites.contains($0) } == [])
    for path in security.matches(of: /`(Tests\/[^`]*)`/) {
      let url = Self.root.appending(path: String(path.1))
      #expect(FileManager.default.fileExists(atPath: url.path), "\(path.1)")
    }
    let makefile = try Self.text("Makefile")
    for target in security.matches(of: /`make ([a-z-]+)`/) {
      #expect(makefile.contains("\n\(target.1):"), "make \(target.1)")
    }

    // In a row, the names of targets follow `make fuzz`.
    let table = try Self.text("Tests/Fuzz/README.md").matches(of: /\n\| `([a-z-]+)` \|/).map { $0.1 }
    let targets = try Self.text("Tests/Fuzz/FuzzTarget.swift").matches(of: /name: "([a-z-]+)"/).map { $0.1 }
    #expect(!targets.isEmpty && table == targets)
    for row in security.matches(of: /`make fuzz`: ([^|]*)/) {
      for target in row.1.matches(of: /`([a-z-]+)`/) {
        #expect(targets.contains(target.1), "make fuzz: \(target.1)")
      }
    }
  }
}
