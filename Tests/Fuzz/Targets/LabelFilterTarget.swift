// SPDX-License-Identifier: Apache-2.0

import Containers

@testable import Namespaces

/// The rules of `--include` and `--exclude`, and the names that they match.
///
/// An input is a rule, a line feed, and names. Rules are the administrator's, names are anybody's.
enum LabelFilterTarget {
  static func run(_ input: [UInt8]) {
    let lines = input.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard let rule = try? LabelFilter.Rule(lines[0]) else { return }
    let name = lines.count > 1 ? lines[1] : ""
    let names = Container.Names(namespace: name, pod: name, container: name, unit: name)
    let isIncluded = LabelFilter(include: [rule]).shows(names, inum: 7)
    let isExcluded = !LabelFilter(exclude: [rule]).shows(names, inum: 7)
    check(isIncluded == isExcluded, "a rule includes \(isIncluded), but excludes \(isExcluded)")
  }
}
