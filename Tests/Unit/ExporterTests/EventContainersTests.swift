// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import Testing

@testable import Exporter

/// The container and unit that an event names.
@Suite struct EventContainersTests {
  private static let host = PIDNamespace(inum: 1, generation: 1)
  private static let other = PIDNamespace(inum: 7, generation: 2)
  private static let second: UInt64 = 1_000_000_000

  /// Cgroups of inits by inum, and of parts by number.
  private struct Kernel {
    var containers = EventContainers(ContainerResolver(pods: nil, local: nil))
    var inits: [UInt32: String] = [1: "/init.scope"]
    /// Whether the init has not executed a program.
    var isNew = false
    var cgroups: [UInt64: String] = [:]

    mutating func names(
      _ namespace: PIDNamespace, cgroup: UInt64 = 0, at time: UInt64 = 0, hasNewInit: Bool = false
    ) -> Container.Names {
      let (inits, cgroups, isNew) = (inits, cgroups, isNew)
      return containers.container(
        of: NamespacePart(namespace, cgroup: cgroup), at: time, hasNewInit: hasNewInit,
        identity: { namespace in
          inits[namespace.inum].map {
            NamespaceIdentity(level: namespace.inum == 1 ? 0 : 1, initIsNew: isNew, cgroupPath: $0)
          }
        },
        cgroup: { part in cgroups[part.cgroup].map { PartCgroup(paths: [$0]) } }
      ).names
    }
  }

  @Test("A process in a unit names the unit at once; the host's own processes name none")
  func units() {
    var kernel = Kernel()
    kernel.cgroups = [5: "/system.slice/web.service", 6: "/user.slice/user-1000.slice/session-3.scope"]
    #expect(kernel.names(Self.host) == .init())
    #expect(kernel.names(Self.host, cgroup: 5) == .init(unit: "web.service"))
    #expect(kernel.names(Self.host, cgroup: 6) == .init(unit: "user-1000.slice"))
  }

  @Test("A unit in a container names both at once")
  func unitInContainer() {
    var kernel = Kernel()
    kernel.inits[7] = "/lxc.payload.os"
    kernel.cgroups = [5: "/lxc.payload.os/system.slice/web.service"]
    #expect(kernel.names(Self.other) == .init(container: "os"))
    #expect(kernel.names(Self.other, cgroup: 5) == .init(container: "os", unit: "web.service"))
  }

  @Test("A container in the host's namespace is named five seconds after its first event")
  func hostPID() {
    var kernel = Kernel()
    kernel.cgroups = [5: "/lxc.payload.agent"]
    #expect(kernel.names(Self.host, cgroup: 5, at: 100 * Self.second) == .init())
    #expect(kernel.names(Self.host, cgroup: 5, at: 104 * Self.second) == .init())
    #expect(kernel.names(Self.host, cgroup: 5, at: 105 * Self.second) == .init(container: "agent"))
  }

  @Test(
    "A runtime's processes in a container's cgroup never get the name of a container with its own namespace")
  func runtime() {
    var kernel = Kernel()
    kernel.inits[7] = "/lxc.payload.web"
    kernel.cgroups = [5: "/lxc.payload.web"]
    #expect(kernel.names(Self.host, cgroup: 5, at: 0) == .init())
    #expect(kernel.names(Self.other) == .init(container: "web"))
    #expect(kernel.names(Self.host, cgroup: 5, at: 60 * Self.second) == .init())
  }

  @Test("After the exec of a namespace's init, its parts have the names of the new cgroup")
  func newInit() {
    var kernel = Kernel()
    kernel.inits[7] = "/"
    kernel.cgroups = [5: "/lxc.payload.os/system.slice/web.service"]
    #expect(kernel.names(Self.other, cgroup: 5) == .init())
    kernel.inits[7] = "/lxc.payload.os"
    #expect(kernel.names(Self.other, hasNewInit: true) == .init(container: "os"))
    #expect(kernel.names(Self.other, cgroup: 5) == .init(container: "os", unit: "web.service"))
  }

  @Test("A container whose init was moved to a cgroup outside keeps its names, unless the init was new")
  func movedInit() {
    var kernel = Kernel()
    kernel.inits[7] = "/lxc.payload.os"
    #expect(kernel.names(Self.other) == .init(container: "os"))
    kernel.inits[7] = "/user.slice"
    #expect(kernel.names(Self.other, hasNewInit: true) == .init(container: "os"))

    kernel = Kernel()
    kernel.inits[7] = "/lxc.payload.os"
    kernel.isNew = true
    #expect(kernel.names(Self.other) == .init(container: "os"))
    (kernel.inits[7], kernel.isNew) = ("/", false)
    #expect(kernel.names(Self.other, hasNewInit: true) == .init())
  }

  @Test("If nothing can be read, the namespace's names are used, or none")
  func unreadable() {
    var kernel = Kernel()
    kernel.inits = [7: "/lxc.payload.os"]
    #expect(kernel.names(Self.host, cgroup: 5) == .init())
    #expect(kernel.names(Self.other, cgroup: 5) == .init(container: "os"))
  }
}
