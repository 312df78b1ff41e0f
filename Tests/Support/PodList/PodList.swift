// SPDX-License-Identifier: Apache-2.0

import Containers
import Glibc
import Kubernetes
import Logging
import Platform

/// `pidns-pod-list KUBECONFIG`: lists and watches until all pods are gone again, and says what that took, in KiB of
/// resident memory, the peak and what of it is no file's:
///
/// ```
/// pods 5000 peak 17000 anonymous 9000
/// ```
///
/// on a line at the start, one when the list has come, and one when all pods are gone.
@main enum PodList {
  static func main() async throws {
    Memory.returnLargeBlocks()
    guard CommandLine.arguments.count == 2 else {
      print("usage: pidns-pod-list KUBECONFIG")
      exit(2)
    }
    let pods = Pods(retention: .zero)
    let status = WatchStatus()
    let watcher = PodWatcher(
      try Configuration.kubeconfig(path: CommandLine.arguments[1]), node: "node", pods: pods, status: status,
      logger: Logger(label: "pidns-pod-list") { StreamLogHandler.standardError(label: $0) })
    say(pods)
    let task = Task { await watcher.run() }
    while !status.snapshot.isListed { try await Task.sleep(for: .milliseconds(10)) }
    say(pods)
    while pods.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
    say(pods)
    task.cancel()
    await task.value
  }

  private static func say(_ pods: Pods) {
    // Not buffered: it is read while the program goes on.
    print("pods \(pods.count) peak \(resident("VmHWM:")) anonymous \(resident("RssAnon:"))")
    fflush(nil)
  }

  private static func resident(_ key: String) -> Int {
    let value = ProcFile.value(of: key, in: ProcFile.read("/proc/self/status") ?? "")
    return value?.split(separator: " ").first.flatMap { Int($0) } ?? 0
  }
}
