// SPDX-License-Identifier: Apache-2.0

import CConfinement
import Confinement
import Glibc
import Platform

/// Confines itself as the exporter does, and tries what is denied then. Prints `NAME ERRNO` for each attempt, where 0 is success, and the
/// capabilities.
///
/// Arguments: `--confined`, without which it tries the same outside; `--folder PATH`, `--file PATH`, `--port NUMBER` and `--port-of-name NUMBER` are
/// needs; `--state PATH` is a file that is replaced; `--programs`; `--keep CAP_X`; `--old-kernel` behaves like one on which bpf() needs CAP_BPF; `--scratch PATH` is a
/// folder with a file `file`, to write to and to read from.
@main
struct ConfinementProbe {
  private var needs = Confinement.Needs()
  private var kept: Capabilities = []
  private var isOn = false
  private var isOldKernel = false
  private var state: String?
  private var scratch = "/nonexistent"
  private let parent = getppid()

  static func main() {
    var probe = ConfinementProbe()
    probe.parse(CommandLine.arguments.dropFirst())
    probe.run()
  }

  private mutating func parse(_ arguments: some Sequence<String>) {
    var arguments = arguments.makeIterator()
    while let flag = arguments.next() {
      switch flag {
      case "--confined": isOn = true
      case "--programs": needs.startsPrograms = true
      case "--old-kernel": isOldKernel = true
      case "--folder": needs.folders.append(arguments.next() ?? "")
      case "--state": state = arguments.next()
      case "--file": needs.files.append(arguments.next() ?? "")
      case "--port":
        needs.requests = .port(arguments.next().flatMap { UInt16($0) }, resolvesNames: false)
      case "--port-of-name":
        needs.requests = .port(arguments.next().flatMap { UInt16($0) }, resolvesNames: true)
      case "--keep": kept.formUnion(arguments.next().flatMap { Capabilities(name: $0) } ?? [])
      case "--scratch": scratch = arguments.next() ?? ""
      default: fatalError("unknown flag \(flag)")
      }
    }
  }

  private mutating func run() {
    let file = open(state)
    switch file {
    case .some(let file):
      needs.writtenFolder = .init(path: file.folder.path, descriptor: file.folder.descriptor)
    case .none: break
    }
    if isOn {
      let bpf = Capabilities(name: "CAP_BPF") ?? []
      let report = Confinement.apply(needs, keeping: kept) {
        !isOldKernel || Self.effective.isSuperset(of: bpf)
      }
      print("landlock \(report.landlock ?? 0)")
      print("filter \(report.hasFilter)")
      for failure in report.failures { print("failure \(failure)") }
    }
    print("effective \(Self.effective.names.joined(separator: ","))")
    tryFiles()
    tryProcesses()
    tryKernel()
    tryNetwork()
    tryMemory()
    tryWhatIsNeeded()
    switch file {
    case .some(let file): tryState(file)
    case .none: break
    }
  }

  private func open(_ path: String?) -> DurableFile? {
    guard let path else { return nil }
    return try? DurableFile(path)
  }

  private func tryState(_ file: borrowing DurableFile) {
    for content in 0..<2 {
      do {
        try file.replace(with: [UInt8(content)])
        report("state replaced", 0)
      } catch {
        print("state replaced", error)
      }
    }
    let folder = file.folder.descriptor
    func open(_ name: String, _ path: String, _ flags: Int32) {
      let descriptor = unsafe openat(folder, path, flags | O_CLOEXEC, 0o600)
      report(name, descriptor < 0 ? Int(-errno) : 0)
      if descriptor >= 0 { _ = close(descriptor) }
    }
    open("state for appending", "state", O_WRONLY | O_APPEND)
    open("state elsewhere", "\(scratch)/elsewhere", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
    open("state above", "../above", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
  }

  private static var effective: Capabilities {
    let status = ProcFile.read("/proc/self/status") ?? ""
    return Capabilities(
      rawValue: ProcFile.value(of: "CapEff:", in: status).flatMap { UInt64($0, radix: 16) } ?? .max)
  }

  private func report(_ name: String, _ result: Int) {
    print(name, result < 0 ? Errno.name(Int32(-result)) : "0")
  }

  /// Makes a system call. Most have arguments that fail in another way if it is not confined.
  private func call(
    _ name: String, _ number: Int32, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0, _ e: Int = 0
  ) {
    report(name, CConfinement_call(Int(number), a, b, c, d, e))
  }

  private func open(_ name: String, _ path: String, _ flags: Int32) {
    let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o600)
    report(name, descriptor < 0 ? Int(-errno) : 0)
    if descriptor >= 0 { _ = close(descriptor) }
  }

  private func tryFiles() {
    open("read", "\(scratch)/file", O_RDONLY)
    open("write", "\(scratch)/file", O_WRONLY)
    open("truncate", "\(scratch)/file", O_WRONLY | O_TRUNC)
    open("create", "\(scratch)/new", O_WRONLY | O_CREAT)
    report("mkdir", unsafe mkdir("\(scratch)/folder", 0o700) < 0 ? Int(-errno) : 0)
    report("rename", unsafe rename("\(scratch)/none", "\(scratch)/other") < 0 ? Int(-errno) : 0)
    report("unlink", unsafe unlink("\(scratch)/none") < 0 ? Int(-errno) : 0)
    report("chmod", unsafe chmod("\(scratch)/none", 0o700) < 0 ? Int(-errno) : 0)
    call("fchmod", Int32(SYS_fchmod), -1, 0o700)
    open("environment of another process", "/proc/\(parent)/environ", O_RDONLY)
  }

  private func tryProcesses() {
    // No such program.
    call("execve", Int32(SYS_execve), 0, 0, 0)
    let child = CConfinement_call(Int(SYS_clone), Int(SIGCHLD), 0, 0, 0, 0)
    if child == 0 { _ = CConfinement_call(Int(SYS_exit_group), 0, 0, 0, 0, 0) }
    report("fork", child)
    let noProcess = 0x7FFF_FFFF
    call("ptrace", Int32(SYS_ptrace), 16, noProcess)
    call("process_vm_readv", Int32(SYS_process_vm_readv), noProcess)
    call("signal", Int32(SYS_kill), noProcess, Int(SIGTERM))
    call("unshare", Int32(SYS_unshare), 1)
    call("setns", Int32(SYS_setns), -1)
  }

  private func tryKernel() {
    // No attributes.
    call("bpf map create", Int32(SYS_bpf), 0, 0, 1)
    call("bpf program load", Int32(SYS_bpf), 5, 0, 1)
    call("bpf link create", Int32(SYS_bpf), 28, 0, 1)
    call("mount", Int32(SYS_mount), 0, 1, 1)
    call("init_module", Int32(SYS_init_module), 0, 1, 1)
    call("kexec_load", Int32(SYS_kexec_load), 0, 0, 0, -1)
    call("reboot", Int32(SYS_reboot))
    call("perf_event_open", Int32(SYS_perf_event_open))
    call("keyctl", Int32(SYS_keyctl), -1)
    call("io_uring_setup", Int32(SYS_io_uring_setup), 0)
    call("open_by_handle_at", Int32(SYS_open_by_handle_at), -1, 1)
    call("settimeofday", Int32(SYS_settimeofday), 1)
    call("clone3", 435)
  }

  private func tryNetwork() {
    call("raw socket", Int32(SYS_socket), Int(AF_INET), 3, 1)
    call("packet socket", Int32(SYS_socket), Int(AF_PACKET), 3)
    call("udp socket", Int32(SYS_socket), Int(AF_INET), 2)
    call("unix socket", Int32(SYS_socket), Int(AF_UNIX), 1)
    let socket = CConfinement_call(Int(SYS_socket), Int(AF_INET), 1, 0, 0, 0)
    report("tcp socket", socket)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = MemoryLayout<sockaddr_in>.size
    unsafe withUnsafeMutablePointer(to: &address) { address in
      call("bind", Int32(SYS_bind), socket, Int(bitPattern: address), size)
      // Nobody listens there.
      unsafe address.pointee.sin_port = UInt16(1).bigEndian
      call("connect", Int32(SYS_connect), socket, Int(bitPattern: address), size)
    }
    call("listen", Int32(SYS_listen), socket, 1)
  }

  private func tryMemory() {
    let page = 4096
    // PROT_READ, PROT_WRITE and PROT_EXEC are 1, 2 and 4; private and anonymous memory.
    let anonymous = Int(MAP_PRIVATE | MAP_ANONYMOUS)
    report(
      "executable memory", min(0, CConfinement_call(Int(SYS_mmap), 0, page, 5, anonymous, -1)))
    report(
      "writable executable memory", min(0, CConfinement_call(Int(SYS_mmap), 0, page, 7, anonymous, -1)))
    let memory = CConfinement_call(Int(SYS_mmap), 0, page, 3, anonymous, -1)
    call("make memory executable", Int32(SYS_mprotect), memory, page, 5)
  }

  private func tryWhatIsNeeded() {
    for folder in needs.folders { open("needed folder", folder, O_RDONLY) }
    for file in needs.files { open("needed file", file, O_RDONLY) }
    open("needed proc", "/proc/self/stat", O_RDONLY)
    call("needed bpf look-up", Int32(SYS_bpf), 1, 0, 1)
    call("needed kill 0", Int32(SYS_kill), Int(getpid()), 0)
    report("needed memfd", MemoryFile([1]) == nil ? Int(-EPERM) : 0)
    let cancellation = CancellationToken()
    report("needed thread", Thread.start { cancellation.cancel() } ? 0 : Int(-EPERM))
    cancellation.sleep(for: .seconds(300))
    report("needed wake-up", cancellation.isCancelled ? 0 : Int(-EPERM))
  }
}
