// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Probe

@Suite struct CgroupControllerTests {
  @Test(
    "The first controller with a hierarchy of cgroup v1 counts",
    arguments: [
      ("pids\t9\t84\t1\nmemory\t4\t84\t1\n", .pids), ("memory\t4\t84\t1\npids\t0\t84\t0\n", .memory),
      ("cpu\t2\t3\t1\nmemory\t0\t1\t0\npids\t0\t1\t1\n", .cpu),
      ("#subsys_name\thierarchy\tnum_cgroups\tenabled\npids\t0\t84\t1\n", nil), ("", nil),
    ] as [(String, CgroupController?)])
  func first(file: String, expected: CgroupController?) {
    #expect(CgroupController.first(in: file) == expected)
  }
}
