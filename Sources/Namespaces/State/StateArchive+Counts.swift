// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

extension StateArchive {
  mutating func code(_ part: inout NamespacePart) throws(StateError) {
    var (inum, generation, cgroup) = (part.namespace.inum, part.namespace.generation, part.cgroup)
    try code(&inum)
    try code(&generation)
    try code(&cgroup)
    part = NamespacePart(PIDNamespace(inum: inum, generation: generation), cgroup: cgroup)
  }

  mutating func code(_ events: inout EventCounts) throws(StateError) {
    try code(&events.counts.execs)
    try code(&events.counts.forks)
    try code(&events.counts.threadStarts)
    try code(&events.counts.starts)
    for reason in ExitReason.allCases { try code(&events.exits.byReason[reason]) }
    try code(&events.exits.coreDumps)
    try code(&events.exits.oomKills)
    var lifetimes = events.exits.lifetimes.counts
    for index in lifetimes.indices { try code(&lifetimes[index]) }
    events.exits.lifetimes.counts = lifetimes
    try code(&events.exits.lifetimes.sum)
    try code(&events.details, blank: (.exitCode(0), 0)) { archive, detail throws(StateError) in
      try archive.code(&detail.key)
      try archive.code(&detail.value)
    }
  }

  mutating func code(_ key: inout CounterKey) throws(StateError) {
    var (kind, number): (Int, Int) =
      switch key {
      case .signalDeath(let signal): (0, Int(signal))
      case .exitCode(let code): (1, Int(code))
      case .execFailure(let errno): (2, Int(errno))
      }
    try code(&kind)
    try code(&number)
    guard let small = Int32(exactly: number) else { throw .broken }
    switch kind {
    case 0: key = .signalDeath(small)
    case 1:
      guard let code = UInt8(exactly: number) else { throw .broken }
      key = .exitCode(code)
    case 2: key = .execFailure(small)
    default: throw .broken
    }
  }

  mutating func code(_ kind: inout ProcessExemplar.Kind) throws(StateError) {
    var (number, value): (Int, Int) =
      switch kind {
      case .exec: (0, 0)
      case .exit(let reason): (1, reason.rawValue)
      case .signalDeath(let signal): (2, Int(signal))
      case .oomKill: (3, 0)
      }
    try code(&number)
    try code(&value)
    switch number {
    case 0: kind = .exec
    case 1:
      guard let reason = ExitReason(rawValue: value) else { throw .broken }
      kind = .exit(reason)
    case 2:
      guard let signal = Int32(exactly: value) else { throw .broken }
      kind = .signalDeath(signal)
    case 3: kind = .oomKill
    default: throw .broken
    }
  }

  mutating func code(_ process: inout ProcessExemplar) throws(StateError) {
    try code(&process.kind)
    try code(&process.time)
    try code(&process.pid)
    try code(&process.hostPID)
    try code(&process.ppid)
    try code(&process.comm)
  }

  mutating func code(_ identity: inout NamespaceIdentity) throws(StateError) {
    try code(&identity.level)
    try code(&identity.parent)
    try code(&identity.initPID)
    try code(&identity.initComm)
    try code(&identity.initIsNew)
    try code(&identity.initStart)
    try code(&identity.initEnd)
    try code(&identity.cgroupPath)
    try code(&identity.otherCgroupPaths, blank: "") { archive, path throws(StateError) in
      try archive.code(&path)
    }
    try code(&identity.cgroupID)
  }

  mutating func code(_ cgroup: inout PartCgroup) throws(StateError) {
    var (paths, isRemoved) = (cgroup.paths, cgroup.isRemoved)
    try code(&paths, blank: "") { archive, path throws(StateError) in try archive.code(&path) }
    try code(&isRemoved)
    guard !paths.isEmpty else { throw .broken }
    cgroup = PartCgroup(paths: paths, isRemoved: isRemoved)
  }

  mutating func code(_ names: inout Container.Names) throws(StateError) {
    var (namespace, pod, container, unit) = (names.namespace, names.pod, names.container, names.unit)
    try code(&namespace)
    try code(&pod)
    try code(&container)
    try code(&unit)
    names = Container.Names(namespace: namespace, pod: pod, container: container, unit: unit)
  }

  mutating func code(_ container: inout Container) throws(StateError) {
    var names = container.names
    var (id, runtime, podUID, image) = (container.id, container.runtime, container.podUID, container.image)
    try code(&names)
    try code(&id)
    try code(&runtime)
    try code(&podUID)
    try code(&image)
    container = Container(names: names, id: id, runtime: runtime, podUID: podUID, image: image)
  }

  mutating func code(_ key: inout SeriesKey) throws(StateError) {
    var (names, inum) = (key.names, key.inum)
    try code(&names)
    try code(&inum, blank: 0) { archive, inum throws(StateError) in try archive.code(&inum) }
    key = SeriesKey(names, inum: inum)
  }
}
