// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform
import Text

/// The machine that is measured on: figures of two machines are not to be compared.
enum Machine {
  /// Says what it is, what day it is, and what else it is busy with.
  static func describe() {
    let model = ProcFile.read("/proc/cpuinfo").flatMap { ProcFile.value(of: "model name", in: $0) }
    let load = ProcFile.read("/proc/loadavg")?.split(separator: " ").first ?? "?"
    let (seconds, nanoseconds) = Clock.epochTime
    let date = UTCTimestamp.text(seconds: seconds, nanoseconds: nanoseconds).prefix(10)
    say(
      "\(date), Linux \(Kernel.release), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) CPUs "
        + "(\(model?.drop { $0 == ":" || $0 == " " } ?? "?")), load \(load) before the start")
    say()
  }
}
