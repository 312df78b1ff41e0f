// SPDX-License-Identifier: Apache-2.0

import Glibc

/// System calls that a path of the program needs, with the values of their arguments.
struct SystemCallRule {
  /// A condition on an argument: (argument AND mask) has the value.
  struct Condition {
    var argument: UInt32
    var mask: UInt64 = 0xFFFF_FFFF
    var value: UInt64
  }

  /// Names, of which an architecture or a libseccomp may lack some.
  let names: [String]
  /// The rule applies if all conditions hold.
  var conditions: [Condition] = []

  init(_ names: String..., where conditions: Condition...) {
    self.names = names
    self.conditions = conditions
  }
}

/// The system calls that each path needs. These are the calls of glibc 2.36 and 2.41, Swift 6.3, libbpf, libmicrohttpd
/// 0.9.75 and 1.0.1, and of GnuTLS and libcurl of Debian 12 and 13. Their fallbacks on older kernels are included.
enum SystemCallTable {
  private typealias Condition = SystemCallRule.Condition

  /// Every thread: memory, time, locks, signals, threads. Signals to the own process only.
  static let runtime: [SystemCallRule] =
    [
      SystemCallRule("brk", "munmap", "mremap", "madvise"),
      SystemCallRule("futex", "futex_time64", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity"),
      SystemCallRule(
        "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getcpu"),
      SystemCallRule(
        "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack", "restart_syscall"),
      SystemCallRule("getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo"),
      SystemCallRule("getrandom", "getrusage", "exit", "exit_group"),
      SystemCallRule("tgkill", where: Condition(argument: 0, value: UInt64(getpid()))),
      SystemCallRule("kill", where: Condition(argument: 1, value: 0)),
      // Threads, but no processes. glibc tries clone3 first; no filter can read its flags.
      SystemCallRule("clone", where: Condition(argument: 0, mask: cloneThread, value: cloneThread)),
      // Limits are read and not set.
      SystemCallRule("prlimit64", where: Condition(argument: 2, mask: .max, value: 0)),
      SystemCallRule("getrlimit"),
      SystemCallRule("prctl", where: Condition(argument: 0, value: 15 /* PR_SET_NAME */)),
      // Memory is never writable and executable, and only libraries are executable.
      SystemCallRule("mmap", "mprotect", where: Condition(argument: 2, mask: UInt64(PROT_EXEC), value: 0)),
      SystemCallRule(
        "mmap", where: Condition(argument: 2, mask: UInt64(PROT_EXEC | PROT_WRITE), value: UInt64(PROT_EXEC)),
        Condition(argument: 3, mask: UInt64(MAP_ANONYMOUS), value: 0)),
    ]

  /// Files and descriptors: the poll, the names of containers, the log, the certificates, which are passed as memfd.
  static let files: [SystemCallRule] =
    [
      SystemCallRule("read", "readv", "pread64", "write", "writev", "lseek", "close", "close_range"),
      // Opened for reading, not created.
      SystemCallRule("open", where: Condition(argument: 1, mask: writing, value: 0)),
      SystemCallRule("openat", where: Condition(argument: 2, mask: writing, value: 0)),
      SystemCallRule("fstat", "stat", "lstat", "newfstatat", "fstatat64", "statx", "fstatfs"),
      SystemCallRule(
        "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "fadvise64"),
      SystemCallRule("fcntl", "dup", "pipe2", "eventfd2", "poll", "ppoll", "select", "pselect6"),
      SystemCallRule(
        "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "timerfd_create",
        "timerfd_settime"),
      SystemCallRule("inotify_init1", "inotify_add_watch", "inotify_rm_watch", "signalfd4"),
      SystemCallRule("memfd_create", "ftruncate"),
    ] + inquiries

  /// The poll, and `events`: entries of maps, iterators, the status of programs; no new map and no new program.
  static let polling = bpf(readingCommands)

  /// Sockets that are open already: listening ones and connections.
  static let serving: [SystemCallRule] =
    [
      SystemCallRule("accept", "accept4", "recvfrom", "recvmsg", "sendto", "sendmsg", "sendfile"),
      SystemCallRule("getsockname", "getpeername", "getsockopt", "setsockopt", "shutdown"),
    ]

  /// The API server: TCP; libcurl wakes itself through a pair of sockets.
  static let requests: [SystemCallRule] =
    [
      socket(AF_INET, SOCK_STREAM.rawValue), socket(AF_INET6, SOCK_STREAM.rawValue),
      SystemCallRule("socketpair", "connect"),
    ]

  /// The name of the API server or of a proxy: UDP, or the unix socket of a service. Landlock restricts neither: so they are
  /// denied if the address is a number. Without netlink, glibc assumes that the machine has IPv4 and IPv6.
  static let nameResolution: [SystemCallRule] =
    [
      socket(AF_INET, SOCK_DGRAM.rawValue), socket(AF_INET6, SOCK_DGRAM.rawValue),
      socket(AF_UNIX, SOCK_STREAM.rawValue), socket(AF_UNIX, SOCK_DGRAM.rawValue),
      SystemCallRule("sendmmsg", "recvmmsg"),
    ]

  /// The end of a server with a unix socket: it removes the file of the socket.
  static let removal: [SystemCallRule] = [SystemCallRule("unlink", "unlinkat")]

  /// The state, by the descriptor of its folder: `DurableFile.replace`. No filter can read a path.
  static func replacement(in folder: Int32) -> [SystemCallRule] {
    func isFolder(_ argument: UInt32) -> Condition {
      Condition(argument: argument, value: UInt64(UInt32(bitPattern: folder)))
    }
    // Without O_CLOEXEC and O_LARGEFILE.
    let flags = writing | UInt64(O_NOFOLLOW) | UInt64(O_APPEND) | UInt64(O_NONBLOCK)
    let made = UInt64(O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
    return [
      SystemCallRule(
        "openat", where: isFolder(0), Condition(argument: 2, mask: flags, value: made)),
      SystemCallRule("renameat", "renameat2", where: isFolder(0), isFolder(2)),
      SystemCallRule("fsync"),
    ]
  }

  /// Fail with ENOSYS, so that glibc falls back to calls that a filter can read.
  static let missing = ["clone3"]

  /// System calls that no exec plugin of a kubeconfig needs. A plugin runs under the same filter, and its other system
  /// calls are unknown.
  static let forbiddenToPlugins: [SystemCallRule] =
    [
      SystemCallRule(
        "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise"),
      SystemCallRule(
        "mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsconfig",
        "fsmount",
        "fspick", "mount_setattr", "chroot", "swapon", "swapoff", "quotactl", "acct"),
      SystemCallRule("setns", "unshare"),
      SystemCallRule(
        "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
      SystemCallRule("add_key", "keyctl", "request_key", "perf_event_open", "userfaultfd", "syslog"),
      SystemCallRule("open_by_handle_at", "fanotify_init"),
      SystemCallRule("io_uring_setup", "io_uring_enter", "io_uring_register"),
      SystemCallRule(
        "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl", "ioperm", "sethostname",
        "setdomainname", "vhangup", "personality"),
      SystemCallRule("socket", where: Condition(argument: 0, value: UInt64(AF_PACKET))),
      SystemCallRule(
        "socket", where: Condition(argument: 0, value: UInt64(AF_INET)),
        Condition(argument: 1, mask: 0xF, value: UInt64(SOCK_RAW.rawValue))),
      SystemCallRule(
        "socket", where: Condition(argument: 0, value: UInt64(AF_INET6)),
        Condition(argument: 1, mask: 0xF, value: UInt64(SOCK_RAW.rawValue))),
    ] + newNamespaces + bpf((0...63).filter { !readingCommands.contains($0) })

  /// BPF_MAP_LOOKUP_ELEM, UPDATE_ELEM, DELETE_ELEM and GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD, BPF_MAP_LOOKUP_BATCH, BPF_ITER_CREATE. The others load,
  /// attach, pin and find objects, or are of later kernels.
  private static let readingCommands: [UInt64] = [1, 2, 3, 4, 15, 24, 33]

  private static let writing = UInt64(O_ACCMODE | O_CREAT | O_TRUNC)
  private static let cloneThread: UInt64 = 0x0001_0000
  /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
  private static let newNamespaces: [SystemCallRule] = [
    0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
  ].map { (flag: UInt64) in SystemCallRule("clone", where: Condition(argument: 0, mask: flag, value: flag)) }
  /// TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO.
  private static let inquiries: [SystemCallRule] = [0x5401, 0x5413, 0x541B, 0x5421].map { (request: UInt64) in
    SystemCallRule("ioctl", where: Condition(argument: 1, value: request))
  }

  private static func bpf(_ commands: [UInt64]) -> [SystemCallRule] {
    commands.map { SystemCallRule("bpf", where: Condition(argument: 0, value: $0)) }
  }

  private static func socket(_ family: Int32, _ type: UInt32) -> SystemCallRule {
    SystemCallRule(
      "socket", where: Condition(argument: 0, value: UInt64(family)),
      Condition(argument: 1, mask: 0xF, value: UInt64(type)))
  }
}
