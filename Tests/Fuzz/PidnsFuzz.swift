// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

@testable import FuzzTargets

/// `pidns-fuzz TARGET [ARGUMENT…]` runs libFuzzer on a target; `pidns-fuzz --list` prints the targets.
///
/// The arguments are those of libFuzzer: <https://llvm.org/docs/LibFuzzer.html#options>.
@main enum PidnsFuzz {
  /// The target that libFuzzer calls. Set once, before the first call.
  nonisolated(unsafe) fileprivate static var target: FuzzTarget?

  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else { fail("give a target: \(FuzzTarget.names)") }
    if arguments[1] == "--list" { return FuzzTarget.all.forEach { print($0.name) } }
    guard let target = FuzzTarget.all.first(where: { $0.name == arguments[1] }) else {
      fail("there is no target \(arguments[1]): give one of \(FuzzTarget.names)")
    }
    unsafe self.target = target
    // libFuzzer keeps the strings. Its own main would take the first argument for a corpus.
    var strings = unsafe ([arguments[0]] + arguments.dropFirst(2)).map { unsafe strdup($0) } + [nil]
    var count = unsafe CInt(strings.count - 1)
    unsafe strings.withUnsafeMutableBufferPointer { buffer in
      var list = buffer.baseAddress
      exit(unsafe runLibFuzzer(&count, &list, PidnsFuzz.run))
    }
  }

  /// The callback of libFuzzer.
  private static let run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    unsafe PidnsFuzz.target?.run(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
  }

  private static func fail(_ problem: String) -> Never {
    StandardError.write(line: "pidns-fuzz: \(problem)")
    exit(2)
  }
}

/// libFuzzer's entry, for programs with a main function of their own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runLibFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
