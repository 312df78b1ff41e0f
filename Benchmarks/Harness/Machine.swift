// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform
import Text

/// The machine that is measured. Figures of different machines are not comparable.
enum Machine {
  /// The machine, the date, and the current load.
  static var description: String {
    let model = ProcFile.read("/proc/cpuinfo").flatMap { ProcFile.value(of: "model name", in: $0) }
    let load = ProcFile.read("/proc/loadavg")?.split(separator: " ").first ?? "?"
    let (seconds, nanoseconds) = Clock.epochTime
    let date = UTCTimestamp.text(seconds: seconds, nanoseconds: nanoseconds).prefix(10)
    return "\(date), Linux \(Kernel.release), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) CPUs "
      + "(\(model?.drop { $0 == ":" || $0 == " " } ?? "?")), load \(load) before the start"
  }
}
