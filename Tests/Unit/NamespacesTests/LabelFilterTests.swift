// SPDX-License-Identifier: Apache-2.0

import Containers
import Testing

@testable import Namespaces

@Suite struct LabelFilterTests {
  private let web = Container.Names(namespace: "shop", pod: "cart", container: "web")

  @Test(
    "A rule matches the whole label value",
    arguments: [
      ("namespace=shop", true), ("namespace=sho", false), ("namespace=s.*", true), ("pod=cart|x", true),
      ("container=", false), ("container=web", true), ("pidns=7", true), ("pidns=8", false),
      ("pod=c\\w+", true),
      ("namespace=(?i)SHOP", true), ("pod==", false),
    ])
  func matches(rule: String, isMatch: Bool) throws {
    #expect(try LabelFilter(include: [.init(rule)]).shows(web, inum: 7) == isMatch)
    #expect(try LabelFilter(exclude: [.init(rule)]).shows(web, inum: 7) == !isMatch)
  }

  @Test("A name for which an expression would take for ever does not match it")
  func boundedSteps() throws {
    func names(_ pod: String) -> Container.Names {
      Container.Names(namespace: "shop", pod: pod, container: "web")
    }
    func shows(_ rule: String, _ pod: String) throws -> Bool {
      let isIncluded = try LabelFilter(include: [.init("pod=" + rule)]).shows(names(pod), inum: 7)
      #expect(try LabelFilter(exclude: [.init("pod=" + rule)]).shows(names(pod), inum: 7) == !isIncluded)
      return isIncluded
    }
    let xs = { String(repeating: "x", count: $0) }
    #expect(try !shows(#"(.*x)+?\w$"#, xs(250) + "-"))
    // The second alternative matches, after 385 steps in one and 1,572,865 in the other, which are too many.
    #expect(try shows("(x+x+)+y|x+-", xs(8) + "-"))
    #expect(try !shows("(x+x+)+y|x+-", xs(20) + "-"))
    // An ordinary expression, and a long name.
    #expect(try shows(".*x.*-.*y", xs(250) + "-y"))
  }

  @Test(
    "An invalid rule is rejected",
    arguments: ["", "shop", "node=x", "pod", "pod=(", "pod=[", " pod=x", "pod=*"])
  func problems(text: String) {
    #expect(throws: LabelFilter.Problem.self) { try LabelFilter.Rule(text) }
  }
}
