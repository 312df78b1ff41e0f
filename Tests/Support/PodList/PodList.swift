// SPDX-License-Identifier: Apache-2.0

import Containers
import Glibc
import Kubernetes
import Logging
import Platform

/// `pidns-pod-list KUBECONFIG` lists and watches until all pods are deleted. It prints its resident memory in
/// KiB, the peak and the anonymous part, at the start, after the list, and at the end:
///
/// ```
/// pods 5000 peak 17000 anonymous 9000
/// ```
///
/// on a line at the start, one after the list has arrived, and one after all pods are removed.
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
    printState(pods)
    let task = Task { await watcher.run() }
    while !status.snapshot.isListed { try await Task.sleep(for: .milliseconds(10)) }
    printState(pods)
    while pods.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
    printState(pods)
    task.cancel()
    await task.value
  }

  private static func printState(_ pods: Pods) {
    // Unbuffered: it is read while the program runs.
    print("pods \(pods.count) peak \(resident("VmHWM:")) anonymous \(resident("RssAnon:"))")
    fflush(nil)
  }

  private static func resident(_ key: String) -> Int {
    let value = ProcFile.value(of: key, in: ProcFile.read("/proc/self/status") ?? "")
    return value?.split(separator: " ").first.flatMap { Int($0) } ?? 0
  }
}
