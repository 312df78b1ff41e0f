// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Containers

@Suite struct UnitTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)

  private func unit(_ path: String) -> String? { CgroupIdentity(path: path).unit }

  @Test("Every recorded path has the expected unit", arguments: try SeenUnit.all())
  func seenUnits(seen: SeenUnit) {
    let identity = CgroupIdentity(path: seen.path)
    #expect(identity.unit == seen.unit, "\(seen.source)")
    #expect(identity.containerID == seen.containerID, "\(seen.source)")
  }

  @Test("The table covers units inside and outside containers, users, and paths without a unit")
  func tableIsComplete() throws {
    let all = try SeenUnit.all()
    #expect(all.count >= 90)
    #expect(all.count { $0.containerID != nil && $0.unit != nil } >= 10)
    #expect(all.count { $0.unit?.hasPrefix("user-") == true } >= 10)
    #expect(all.count { $0.unit == nil } >= 15)
  }

  @Test("No recorded path has a container id or a pod uid in its unit", arguments: try SeenPath.all())
  func unitsWithoutIDs(seen: SeenPath) {
    guard let unit = CgroupIdentity(path: seen.path).unit else { return }
    #expect(!unit.utf8.containsID && !unit.contains("pod"))
  }

  @Test(
    "A name that is invalid for a systemd unit is an ordinary folder",
    arguments: [
      "a b.service", "a\n.service", "a\t.service", "a\"b.service", "é.service", "\u{FFFD}.service",
      "a\u{0301}.service",
      "a+b.service", "a/.service", ".service", "service", "x.Service", "x.target", "x.timer", "x.service~",
      "_.slice",
      String(repeating: "n", count: 248) + ".service",
    ])
  func foldersThatAreNoUnits(name: String) {
    #expect(unit("/system.slice/cron.service/\(name)") == "cron.service")
    #expect(unit("/\(name)") == nil)
  }

  @Test("Every byte of a file name is read, and only valid unit names are kept")
  func everyByte() {
    let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@".utf8)
    for byte in UInt8.min...UInt8.max where byte != 0 && byte != UInt8(ascii: "/") {
      let name = String(decoding: [UInt8(ascii: "x"), byte] + Array("y.service".utf8), as: UTF8.self)
      #expect(unit("/system.slice/\(name)") == (allowed.contains(byte) ? name : "system.slice"), "\(byte)")
    }
  }

  @Test("A unit name has at most the kernel's length for a file name")
  func length() {
    let longest = String(repeating: "n", count: 247) + ".service"
    #expect(unit("/system.slice/\(longest)") == longest)
    #expect(longest.utf8.count == 255)
  }

  @Test(
    "Names that only resemble generated ones are kept",
    arguments: [
      "run-.service", "run-u.service", "run-ux.service", "run-1-2-3.service", "run-u1x.service",
      "run-p1-.service",
      "foo@1.service", "foo@1-2.service", "foo@x-1:2.service", "foo@-1:2.service", "foo@7.service",
      "dbus@1.service",
      "dbus-x@y.service", "dbus-x.service", "deadbeefdeadbeefdeadbeefdeadbee.service", "user-x.slice",
      "user-.slice",
      "user-1000-x.slice", "user@x.service", #"a\x2db.scope"#, "session.scope",
      "f22f14d2-3d44-4304-9879-3fdd0df7b08.service",
    ])
  func boundedNames(name: String) { #expect(unit("/a.slice/\(name)") == name) }

  @Test(
    "Names that are generated anew at each start are not kept",
    arguments: [
      "run-u1.service", "run-p1.service", "run-p1-i2.service", "run-1.service", "run-1.scope", "x1.scope",
      "foo@0-1-2.service", "foo@0-1-2_3-4.service", "foo@0-unknown.service", "foo@0-:.service",
      "dbus-x@0.service",
      "deadbeefdeadbeefdeadbeefdeadbeef.service", "xdeadbeefdeadbeefdeadbeefdeadbeef0.slice",
      "x-f22f14d2-3d44-4304-9879-3fdd0df7b08e.slice", "adf22f14d2_3d44_4304_9879_3fdd0df7b08e.mount",
      #"a\x2ddbus-:1.2.slice"#,
    ])
  func unboundedNames(name: String) {
    #expect(unit("/a.slice/\(name)") == "a.slice")
    #expect(unit("/a.slice/\(name)/x") == "a.slice")
    #expect(unit("/\(name)") == nil)
  }

  @Test("A path that lost its beginning has the unit of the rest")
  func cutPaths() {
    #expect(unit("slice/cron.service") == "cron.service")
    #expect(unit("ystem.slice/x") == "ystem.slice")
    #expect(unit("/../../system.slice/cron.service") == "cron.service")
    #expect(unit("0.slice/user@1000.service/app.slice/x.service") == "user-1000.slice")
  }

  @Test("Units inside a container are parsed from its own root, at any depth")
  func insides() {
    let path = "/user.slice/user-1000.slice/docker-\(Self.id).scope"
    #expect(unit(path) == nil)
    #expect(unit(path + "/user.slice/user-7.slice/session-1.scope") == "user-7.slice")
    #expect(unit(path + "/a.service/lxc.payload.x") == nil)
    #expect(unit(path + "/a.service/lxc.payload.x/init.scope") == "init.scope")
    #expect(unit("/lxc.payload.x/supervisor") == nil)
    #expect(unit("/systemd-nspawn@x.service/payload/supervisor") == nil)
    #expect(CgroupIdentity(path: "/systemd-nspawn@x.service/payload/supervisor").containerID == "x")
  }
}
