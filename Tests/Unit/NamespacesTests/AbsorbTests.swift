// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import Testing

@testable import Namespaces

/// The last counts of maps that are not read any more.
@Suite struct AbsorbTests {
  private let namespace = PIDNamespace(inum: 1, generation: 1)

  private func absorb(_ execs: UInt64, isContinued: Bool, _ kernel: inout FakeKernel) {
    var reading = KernelCounters.Reading()
    reading.add(NamespacePart(namespace), EventCounts(ProcessCounts(execs: execs)))
    reading.identities[namespace] = NamespaceIdentity(cgroupPath: "/a")
    reading.newIdentities = reading.identities
    reading.node.total.counts.execs = execs
    kernel.ledger.absorb(
      reading, at: .init(kernel.now, epoch: kernel.epoch, boot: kernel.boot), isContinued: isContinued,
      scraped: .none
    ) { _, _, _ in ContainerResolver.Resolution(Container(), .final) }
  }

  private func execs(_ kernel: FakeKernel) -> [UInt64] {
    var ledger = kernel.ledger
    return ledger.snapshot().map(\.events.counts.execs)
  }

  @Test("Maps that were read before add what has happened since; then other maps count from 0")
  func continued() {
    var kernel = FakeKernel()
    kernel.begin(namespace, execs: 5)
    kernel.poll()
    absorb(8, isContinued: true, &kernel)
    #expect(execs(kernel) == [8])
    kernel.map[namespace]?.counts.execs = 2
    kernel.poll()
    #expect(execs(kernel) == [10])
    #expect(kernel.ledger.earlierNode.total.counts.execs == 8)
  }

  @Test("Maps that were not read before add all that they have; the own ones continue")
  func added() {
    var kernel = FakeKernel()
    kernel.begin(namespace, execs: 5)
    kernel.poll()
    absorb(7, isContinued: false, &kernel)
    #expect(execs(kernel) == [12])
    kernel.map[namespace]?.counts.execs = 6
    kernel.poll()
    #expect(execs(kernel) == [13])
  }

  @Test("A namespace that began and ended in the other maps has its series")
  func ended() {
    var kernel = FakeKernel()
    kernel.poll()
    absorb(7, isContinued: true, &kernel)
    #expect(kernel.settle() == [])
    kernel.poll()
    #expect(execs(kernel) == [7])
    #expect(kernel.ledger.snapshot().map(\.isLive) == [false])
    #expect(kernel.ledger.memberCount == 0)
  }

  @Test("An ended namespace whose entry is still in the own maps is counted once")
  func undeleted() {
    var kernel = FakeKernel()
    let ended = PIDNamespace(inum: 2, generation: 2)
    kernel.begin(namespace, execs: 5)
    kernel.begin(ended, execs: 3)
    // Its name is final.
    kernel.identities[ended] = NamespaceIdentity(cgroupPath: "/b")
    kernel.poll()
    kernel.end(ended)
    for _ in 0..<3 { kernel.poll(deleting: false) }
    // Programs of another version have counted for a moment, in maps without it.
    absorb(1, isContinued: false, &kernel)
    kernel.poll()
    kernel.poll()
    #expect(execs(kernel) == [6, 3])
    #expect(kernel.map[ended] == nil && kernel.ledger.memberCount == 1)
  }

  @Test("Without the last counts of the maps before, no series goes down")
  func abandoned() {
    var kernel = FakeKernel()
    kernel.begin(namespace, execs: 5)
    kernel.poll()
    kernel.ledger.abandonMaps()
    kernel.map[namespace]?.counts.execs = 3
    kernel.poll()
    #expect(execs(kernel) == [8])
  }
}
