// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// The selection of events, and the container that each event names.
  @Suite(.serialized) struct EventSelections {
    @Test("--container selects a podman container by name or id prefix, and each event names it")
    func container() throws {
      let podman = try Podman()
      let root = "--podman.root=\(podman.storage)"
      let all = try RunningEvents("--fork", root)
      let byName = try RunningEvents("--fork", root, "--container=web")
      let web = try podman.start(name: "web", .untilStopped(count: 6, execs: 2), detached: false)
      _ = try web.untilReady()
      let byID = try RunningEvents("--fork", root, "--container=\(web.id.prefix(12))")
      let other = try podman.start(name: "other", .untilStopped(count: 6, execs: 2), detached: false)
      let truth = try web.stopAndFinish()
      let otherTruth = try other.stopAndFinish()

      let shown = try all.finish()
      for (truth, name) in [(truth, "web"), (otherTruth, "other")] {
        // Until its init execs, podman's own processes may be the only ones in it.
        let own = shown.filter { $0.texts["container"] == name }
        let counts = Counts(truth.facts)
        #expect(own.count { $0.event == "exec" } == counts.execs)
        #expect(own.count { $0.event == "exit" } == counts.exits)
        #expect(own.count { $0.event == "fork" } + 1 >= counts.forks)
      }
      #expect(
        shown.filter { $0.texts["container"] == "web" }.allSatisfy { $0.texts["container_id"] == web.id })
      let named = try byName.finish().map { "\($0.event) \($0.numbers["host_pid"] ?? 0)" }
      #expect(
        named
          == shown.filter { $0.texts["container"] == "web" }
          .map { "\($0.event) \($0.numbers["host_pid"] ?? 0)" })
      let byItsID = try byID.finish()
      #expect(byItsID.contains { $0.event == "exit" && $0.numbers["pid"] == 1 })
      #expect(byItsID.allSatisfy { $0.texts["container"] == "web" })
    }

    @Test("--pod selects a pod once the API server has reported it")
    func pod() async throws {
      let cluster = try await Cluster()
      var pod = PodJSON(1)
      pod.name = "cart"
      let path = "/kubepods/burstable/pod\(pod.uid)/ID"
      let specification = RuncSpecification(.untilStopped()) { path.replacing("ID", with: $0) }
      pod.statuses = [.init(name: "web", id: specification.id)]
      cluster.server.put(pod)
      let events = try RunningEvents(cluster.flags + ["--pod=shop/cart", "--failed"])
      let other = try RunningEvents(cluster.flags + ["--pod=shop/basket"])
      let container = try Runc().start(specification)
      _ = try container.untilReady()
      let truth = try container.stopAndFinish()
      let shown = try events.finish()
      // Not the one that exits with 0 on request.
      let exits = truth.facts.values
      let failed =
        (exits[Facts.Quantity(.exitReasons, "error")] ?? 0)
        + (exits[Facts.Quantity(.exitReasons, "signaled")] ?? 0)
      #expect(shown.count == Int(failed) && failed > 0)
      #expect(shown.allSatisfy { $0.event == "exit" && $0.texts["reason"] != "completed" })
      for event in shown {
        #expect(event.texts["namespace"] == "shop" && event.texts["pod"] == "cart")
        #expect(event.texts["container"] == "web" && event.texts["container_id"] == specification.id)
      }
      #expect(try other.finish().isEmpty)
      try await cluster.end()
    }

    @Test("An exit event has its reason, its code or signal, and its lifetime")
    func exits() throws {
      let events = try RunningEvents("--uid=4321")
      // The init ends while one of its processes spins, and the kernel kills that.
      let script =
        "sh -c 'sleep 0.2; exit 7'; sh -c 'kill -SEGV $$'; true & wait; (while :; do :; done &); exit 0"
      let command = [
        "--reuid=4321", "--regid=4321", "--clear-groups", "unshare", "--user", "--map-root-user", "--pid",
        "--fork", "sh", "-c", script,
      ]
      #expect(try Child.run("/usr/bin/setpriv", command).status == 0)
      let exits = try events.finish().filter { $0.event == "exit" }
      let failed = try #require(exits.first { $0.numbers["exit_code"] == 7 })
      #expect(failed.texts["reason"] == "error" && failed.texts["signal"] == nil)
      let crashed = try #require(exits.first { $0.texts["signal"] == "SIGSEGV" })
      #expect(crashed.texts["reason"] == "signaled" && crashed.numbers["exit_code"] == nil)
      let torn = try #require(exits.first { $0.texts["reason"] == "teardown" })
      #expect(torn.texts["signal"] == "SIGKILL" && torn.texts["comm"] == "sh")
      #expect(failed.reals["lifetime_seconds"] ?? 0 >= 0.2)
      #expect(exits.allSatisfy { ($0.reals["lifetime_seconds"] ?? -1) > 0 })
    }

    @Test("Each OOM kill event precedes the exit event of its process")
    func oomKills() throws {
      let events = try RunningEvents("--oom")
      let truth = try Workload.run("oom", "--count", "3")[0]
      let shown = try events.finish().filter { $0.texts["container"] == truth.container }
      let kills = shown.filter { $0.event == "oom_kill" }
      #expect(Double(kills.count) == truth.facts.values[Facts.Quantity(.oomKills)])
      for kill in kills {
        let own = shown.filter { $0.numbers["host_pid"] == kill.numbers["host_pid"] }
        #expect(own.last?.event == "exit" && own.last?.texts["signal"] == "SIGKILL")
        #expect(own.last?.texts["reason"] == "signaled")
      }
    }

    @Test("No program or map of events stays in the kernel")
    func leavesNothing() throws {
      let events = try RunningEvents("--fork", "--oom")
      let held = try HeldObjects(by: events.child.pid).programs
      #expect(try held.count >= 3 && held.isSubset(of: Lifecycle.programs()))
      try events.stop()
      // The kernel frees programs with a delay.
      try eventually("they are gone") { try Lifecycle.programs().isDisjoint(with: held) }
    }
  }
}
