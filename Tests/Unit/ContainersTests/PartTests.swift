// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Containers

/// Units, several hierarchies, and cgroups that share a namespace.
@Suite struct PartTests {
  private static func id(_ digit: Character) -> String { String(repeating: digit, count: 64) }
  private static let uid = "0f3c9a1e-7d2b-4c5e-8f6a-1b2c3d4e5f60"
  private static let pod = "/kubepods/burstable/pod\(uid)"
  private let host = ContainerResolver.Resolution(Container(), .final)

  private func shop(isShared: Bool = true, _ names: String...) -> Pods {
    let pods = Pods(retention: nil)
    pods.put(
      Pod(
        uid: Self.uid, namespace: "shop", name: "cart", sharesProcessNamespace: isShared,
        containers: names.map { .init(id: Self.id($0.first ?? "x"), name: $0, image: "shop/\($0)") }))
    return pods
  }

  private func path(_ digit: Character) -> String { "\(Self.pod)/\(Self.id(digit))" }

  // MARK: Several hierarchies

  @Test("Of several paths, the first with a container is used, else with a pod, else with a unit")
  func hierarchies() {
    let (web, user, nginx) = (path("a"), "/user.slice", "/system.slice/nginx.service")
    #expect(CgroupIdentity(paths: [user, web]) == CgroupIdentity(path: web))
    #expect(CgroupIdentity(paths: [web, user]) == CgroupIdentity(path: web))
    #expect(CgroupIdentity(paths: ["/", "/plain", nginx, user]) == CgroupIdentity(path: nginx))
    #expect(CgroupIdentity(paths: [user, Self.pod]) == CgroupIdentity(path: Self.pod))
    #expect(CgroupIdentity(paths: [Self.pod, "/docker/\(Self.id("b"))"]).containerID == Self.id("b"))
    #expect(CgroupIdentity(paths: [path("a"), path("b")]).containerID == Self.id("a"))
    #expect(CgroupIdentity(paths: []) == CgroupIdentity(path: ""))
    #expect(CgroupIdentity(paths: ["/", ""]) == CgroupIdentity(path: ""))
  }

  @Test("The unit may be from any hierarchy with the same container")
  func unitsOfHierarchies() {
    let (box, cron) = ("/lxc/box", "/lxc/box/system.slice/cron.service")
    #expect(CgroupIdentity(paths: [box, cron]).unit == "cron.service")
    #expect(CgroupIdentity(paths: [cron, box]).unit == "cron.service")
    #expect(CgroupIdentity(paths: [box, "/lxc/other/system.slice/cron.service"]).unit == nil)
    #expect(CgroupIdentity(paths: [box, "/system.slice/lxc.service"]).unit == nil)
    #expect(CgroupIdentity(paths: ["/", "/user.slice", "/system.slice/a.service"]).unit == "user.slice")
  }

  @Test("A container that was moved in one hierarchy keeps its names")
  func moved() {
    let naming = ContainerResolver(pods: shop(isShared: false, "a"), local: nil)
    let resolution = naming.resolve(cgroupPaths: ["/user.slice", path("a")], initComm: "nginx")
    #expect(resolution.container.names == .init(namespace: "shop", pod: "cart", container: "a"))
    #expect(resolution.certainty == .final)
  }

  // MARK: Units

  @Test("A namespace outside containers has its unit; the service manager's own scope is not a unit")
  func units() {
    let naming = ContainerResolver(pods: Pods(retention: nil), local: nil)
    for (path, unit) in [
      ("/system.slice/docker.service", "docker.service"),
      ("/user.slice/user-7.slice/session-1.scope", "user-7.slice"),
      ("/init.scope", ""), ("/", ""),
    ] {
      let resolution = naming.resolve(cgroupPaths: [path], initComm: "sh")
      #expect(
        resolution.container == Container(names: .init(unit: unit)) && resolution.certainty == .final,
        "\(path)")
    }
    let box = naming.resolve(cgroupPaths: ["/lxc/box/init.scope"], initComm: "systemd")
    #expect(box.container.names == .init(container: "box"))
    let sandboxed = naming.resolve(cgroupPaths: ["/lxc/box/system.slice/a.service"], initComm: "a")
    #expect(sandboxed.container.names == .init(container: "box", unit: "a.service"))
  }

  @Test("Names are ordered by unit last, and a unit is cut to 256 bytes")
  func names() {
    #expect(Container.Names(container: "a", unit: "b") < Container.Names(container: "b", unit: "a"))
    #expect(Container.Names(container: "a", unit: "a") < Container.Names(container: "a", unit: "b"))
    #expect(Container.Names(container: "a") != Container.Names(container: "a", unit: "b"))
    #expect(Container.Names(unit: String(repeating: "u", count: 300)).unit.utf8.count == 256)
  }

  // MARK: Parts

  @Test("The parts of the host's namespace are units, containers and pods")
  func hostParts() {
    let naming = ContainerResolver(pods: shop(isShared: false, "agent"), local: nil)
    func names(_ path: String) -> (Container.Names, ContainerResolver.Confidence) {
      let resolution = naming.resolve(part: [path], of: host)
      return (resolution.container.names, resolution.certainty)
    }
    #expect(names("/system.slice/kubelet.service") == (.init(unit: "kubelet.service"), .final))
    #expect(names("/init.scope") == (.init(unit: "init.scope"), .final))
    #expect(names("/") == (.init(), .final))
    #expect(names(path("a")) == (.init(namespace: "shop", pod: "cart", container: "agent"), .final))
    #expect(names(path("b")) == (.init(namespace: "shop", pod: "cart"), .partial))
    #expect(names(Self.pod) == (.init(namespace: "shop", pod: "cart"), .partial))
    // The API does not know the pod: its events are not the host's.
    let empty = ContainerResolver(pods: Pods(retention: nil), local: nil)
    let unknown = empty.resolve(part: [path("a")], of: host)
    #expect(unknown.container.names == .init(container: "(unnamed)") && unknown.certainty == .partial)
    #expect(
      names(path("a") + "/system.slice/cron.service")
        == (.init(namespace: "shop", pod: "cart", container: "agent", unit: "cron.service"), .final))
    #expect(names("/lxc.payload.box/init.scope") == (.init(container: "box", unit: "init.scope"), .final))
  }

  @Test("Containers that share a namespace have their own names; the sandbox has the pod's")
  func sharedParts() {
    let naming = ContainerResolver(pods: shop("a", "b"), local: nil)
    let whole = naming.resolve(cgroupPaths: [path("0")], initComm: "pause")
    #expect(whole.container.names == .init(namespace: "shop", pod: "cart") && whole.certainty == .final)
    for name in ["a", "b"] {
      let part = naming.resolve(part: [path(name.first ?? "x")], of: whole)
      #expect(part.container.names == .init(namespace: "shop", pod: "cart", container: name))
      #expect(part.container.id == Self.id(name.first ?? "x") && part.container.image == "shop/\(name)")
      #expect(part.certainty == .final)
    }
    let sandbox = naming.resolve(part: [path("0")], of: whole)
    #expect(sandbox.container.names == whole.container.names && sandbox.certainty == .final)
    let unknown = naming.resolve(part: [path("c")], of: whole)
    #expect(unknown.container.names == whole.container.names && unknown.certainty == .partial)
    // The init may be one of the containers.
    let first = naming.resolve(cgroupPaths: [path("a")], initComm: "sh")
    #expect(first.container.names == .init(namespace: "shop", pod: "cart"))
    let part = naming.resolve(part: [path("a")], of: first)
    #expect(part.container.names == .init(namespace: "shop", pod: "cart", container: "a"))
  }

  @Test("In a container's namespace, cgroups of the container have its names and their own units")
  func ownParts() {
    let naming = ContainerResolver(pods: nil, local: nil)
    let whole = ContainerResolver.Resolution(
      Container(names: .init(container: "box"), id: "box", runtime: "lxc", image: "i"), .presumed)
    func part(_ path: String) -> ContainerResolver.Resolution { naming.resolve(part: [path], of: whole) }
    let cron = part("/lxc/box/system.slice/cron.service")
    #expect(cron.container == whole.container.with(unit: "cron.service") && cron.certainty == .presumed)
    #expect(part("/lxc/box").container == whole.container)
    #expect(part("/lxc/box/init.scope").container.names == .init(container: "box", unit: "init.scope"))
    // Moved, or entered from outside: a vaguer answer does not replace a certain one.
    for path in ["/", "/user.slice/user-1000.slice/session-1.scope", "/plain", Self.pod] {
      #expect(part(path).container == whole.container && part(path).certainty == .presumed, "\(path)")
    }
    #expect(part("/lxc/other").container.names == .init(container: "other"))
  }

  @Test("Another hierarchy names a part only if it has the part's container, or that of the namespace")
  func otherHierarchies() {
    let naming = ContainerResolver(pods: nil, local: nil)
    let own = "/docker/\(Self.id("a"))"
    let other = "/docker/\(Self.id("b"))"
    let container = naming.resolve(cgroupPaths: [own], initComm: "sh")
    // Processes of any container may have been moved there.
    for paths in [["/user.slice", own], ["/user.slice", "/system.slice/docker.service", own]] {
      #expect(naming.resolve(part: paths, of: host).container.names == .init(unit: "user.slice"))
      #expect(naming.resolve(part: paths, of: container).container == container.container)
    }
    #expect(naming.resolve(part: ["/user.slice", other], of: container).container == container.container)
    #expect(naming.resolve(part: ["/x", "/system.slice/a.service"], of: host).container.names == .init())
    let inside = naming.resolve(part: [own, own + "/system.slice/a.service"], of: host)
    #expect(inside.container.names.unit == "a.service" && inside.container.id == Self.id("a"))
  }

  @Test("A part never has the names of another pod's container")
  func forged() {
    let pods = shop(isShared: false, "a")
    pods.put(
      Pod(
        uid: "aaaaaaaa-7d2b-4c5e-8f6a-1b2c3d4e5f60", namespace: "bank", name: "vault",
        containers: [.init(id: Self.id("f"), name: "db", image: "")]))
    let naming = ContainerResolver(pods: pods, local: nil)
    let part = naming.resolve(part: [path("f")], of: host)
    #expect(part.container.names == .init(namespace: "shop", pod: "cart"))
  }
}
