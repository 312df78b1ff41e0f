// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// The appearance of the status page, with pods that crash, fork, leave zombies, idle and end.
  @Suite(.serialized) struct StatusPageLooks {
    private static let pods: [(namespace: String, pod: String, container: String, script: String)] = [
      ("shop", "cart-7d4b9c6f58-x2lqp", "cart", "while sleep 0.4; do sh -c 'kill -SEGV $$'; done"),
      ("shop", "checkout-5f6d8b7c9-mm8zt", "checkout", "while sleep 2; do sh -c 'exit 3'; done"),
      ("shop", "web-0", "nginx", "sleep 3 & sleep 4 & while sleep 1; do true; done"),
      ("media", "resize-6c8f5d-r4w9k", "worker", "while sleep 0.08; do sleep 0.01 & wait $!; done"),
      ("mail", "queue-0", "postfix", "while sleep 9; do sh -c 'sleep 0 & exec sleep 600' & done"),
      ("data", "postgres-0", "postgres", "exec sleep 6000"),
    ]

    @Test("The page fits a phone, follows the preferred colour scheme, and names the container of each row")
    func looks() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter("--poll.interval=1s")
      let containerd = try Containerd(commands: ["sh", "sleep"])
      var kept: [CRIContainer] = []
      for (namespace, name, container, script) in Self.pods {
        let sandbox = try containerd.start(PodSpecification(namespace: namespace, name: name))
        kept.append(try sandbox.start(name: container, command: ["/bin/sh", "-c", script]))
        cluster.server.put(cluster.pod(sandbox, [.init(name: container, id: kept.last?.id)]))
      }
      let ended = try containerd.start(PodSpecification(namespace: "shop", name: "migrate-29411-w7c2v"))
      let migration = try ended.start(name: "migrate", ContainerWork(count: 1, execs: 3))
      cluster.server.put(cluster.pod(ended, [.init(name: "migrate", id: migration.id)]))
      _ = try migration.finish()

      let phone = try Browser(phoneWidth: 360)
      let dark = try Browser(isDark: true)
      let light = try Browser()
      for browser in [phone, dark, light] {
        try browser.open(exporter.page())
        try eventually("all of them are shown") {
          let names = Set(try browser.rows().map(\.name))
          return names.isSuperset(of: Self.pods.map { "\($0.container) \($0.namespace)/\($0.pod)" })
            && names.contains("migrate ended shop/migrate-29411-w7c2v")
        }
        #expect(try browser.text(".health").contains("7 pods; last event from the API server"))
      }
      #expect(try phone.answer("return innerWidth") == "360")
      #expect(try phone.answer("return document.documentElement.scrollWidth") == "360")
      // Rates, processes, zombies and names are visible on narrow screens, too.
      #expect(try phone.answer(Self.visibleHeadings) == "Container Exec/s Fail/s Procs Zombies")
      #expect(try light.answer(Self.visibleHeadings).contains("Exit/s"))
      for (browser, ground) in [(phone, "rgb(255, 255, 255)"), (dark, "rgb(20, 23, 26)")] {
        #expect(try browser.answer("return getComputedStyle(document.body).backgroundColor") == ground)
        #expect(try browser.answer(Self.leastContrast) == "fine")
        #expect(try browser.console() == [])
      }
      if let folder = ProcessInfo.processInfo.environment["PICTURES"] {
        // Waits for sparklines with several points.
        try await Task.sleep(for: .seconds(150))
        for (browser, name) in [
          (light, "status-page"), (dark, "status-page-dark"), (phone, "status-page-phone"),
        ] {
          try browser.screenshot().write(to: URL(filePath: folder).appending(path: "\(name).png"))
        }
      }
      withExtendedLifetime(kept) {}
      try await cluster.end()
    }

    private static let visibleHeadings = """
      return [...document.querySelectorAll("main > table thead th")].filter((heading) => heading.offsetWidth > 0)
        .map((heading) => heading.innerText.replace(/[▲▼]/, "").trim()).join(" ");
      """

    /// WCAG 2.2, 1.4.3: a contrast of 4.5 to 1 for all text.
    private static let leastContrast = """
      const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
      const luminance = (color) => {
        const [red, green, blue] = numbers(color).map((value) => {
          const share = value / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const ground = luminance(getComputedStyle(document.body).backgroundColor);
      for (const element of document.querySelectorAll("body *")) {
        if (![...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
        if (!element.checkVisibility() || element.closest("svg")) continue;
        const [dark, bright] = [luminance(getComputedStyle(element).color), ground].sort((a, b) => a - b);
        const contrast = (bright + 0.05) / (dark + 0.05);
        if (contrast < 4.5) return `${contrast} of “${element.innerText}”`;
      }
      return "fine";
      """
  }
}
