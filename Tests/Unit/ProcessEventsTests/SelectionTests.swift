// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import ProcessEvents
import Testing

@Suite struct SelectionTests {
  @Test(
    "--failed selects only failures",
    arguments: [
      (Samples.exec, false), (.fork, false), (Samples.completed, false), (Samples.teardown, false),
      (Samples.exit, true), (Samples.death, true), (.oomKill, true),
    ])
  func failures(action: ProcessEvent.Action, isShown: Bool) {
    var selection = EventSelection()
    #expect(selection.includes(Samples.record(action)))
    selection.failedOnly = true
    #expect(selection.includes(Samples.record(action)) == isShown)
  }

  @Test(
    "A container is selected by its full name, or by at least four digits of its id",
    arguments: [
      ("web", true), ("we", false), ("webs", false), ("0123", true), ("012", false),
      ("0123456789abcdef", true),
      ("0123456789abcdef0", false), ("1234", false), ("cart-7d9f", false),
    ])
  func containers(text: String, isShown: Bool) {
    var selection = EventSelection()
    selection.containers = [text]
    #expect(selection.asksForContainer)
    #expect(selection.includes(Samples.web) == isShown)
    #expect(!selection.includes(Container()))
  }

  @Test(
    "A pod is selected by name, in one namespace or in all",
    arguments: [
      ("cart-7d9f", true), ("shop/cart-7d9f", true), ("cart", false), ("other/cart-7d9f", false),
      ("shop/cart", false), ("", nil), ("/", nil), ("shop/", nil), ("/cart-7d9f", nil), ("a/b/c", nil),
    ] as [(String, Bool?)])
  func pods(text: String, isShown: Bool?) {
    let rule = EventSelection.PodRule(text)
    #expect((rule == nil) == (isShown == nil))
    guard let rule else { return }
    var selection = EventSelection()
    selection.pods = [rule]
    #expect(selection.asksForContainer)
    #expect(selection.includes(Samples.web) == isShown)
  }

  @Test("A unit is selected by its full name, on the host and in a container")
  func units() {
    var selection = EventSelection()
    selection.units = ["db.service", "web.service"]
    #expect(selection.asksForContainer)
    #expect(selection.includes(Container(names: .init(unit: "web.service"))))
    #expect(selection.includes(Container(names: .init(container: "lxc", unit: "db.service"))))
    #expect(!selection.includes(Container(names: .init(container: "web.service"))))
    #expect(!selection.includes(Container(names: .init(unit: "web"))))
    #expect(!selection.includes(Samples.web))
    selection.containers = ["lxc"]
    #expect(!selection.includes(Container(names: .init(unit: "web.service"))))
  }

  @Test("User ids are filtered in the namespace view that is shown")
  func users() {
    var selection = EventSelection()
    selection.uids = [33]
    #expect(!selection.mayInclude(Samples.record(.fork).event))
    selection.userView = .own
    #expect(selection.mayInclude(Samples.record(.fork).event))
    selection.uids = [100_033]
    #expect(!selection.mayInclude(Samples.record(.fork).event))
  }

  @Test("Values of one filter are alternatives; different filters must all match")
  func kinds() {
    var selection = EventSelection()
    selection.pidNamespaces = [1, 4_026_532_205]
    selection.comms = ["bash", "sh"]
    selection.uids = [0, 100_033]
    selection.containers = ["db", "web"]
    #expect(selection.includes(Samples.record(.fork)))
    #expect(!selection.includes(Samples.record(.fork, comm: "sh2")))
    #expect(!selection.includes(Samples.record(.fork, container: Container())))
    #expect(selection.mayInclude(Samples.record(.fork, container: Container()).event))
    selection.pidNamespaces = [1]
    #expect(!selection.includes(Samples.record(.fork)))
  }
}
