// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Containers
@testable import Kubernetes

/// The bodies that an API server sends: a list of pods, or a watch. The first byte selects one, and the size of the chunks.
enum PodsTarget {
  static func run(_ input: [UInt8]) {
    let selector = input.first ?? 0
    let body = Array(input.dropFirst())
    let chunk = Int(selector >> 1) + 1
    if selector & 1 == 0 { list(body, chunk: chunk) } else { watch(body, chunk: chunk) }
  }

  private static func list(_ body: [UInt8], chunk: Int) {
    let whole = split(body, chunk: max(body.count, 1))
    check(whole == split(body, chunk: chunk), "the chunks of \(chunk) bytes matter")
    // Another parser finds the same items. It keeps one of two fields with a name, and decodes names.
    if body.count(where: { $0 == UInt8(ascii: "\\") }) == 0, body.ranges(of: Array("items".utf8)).count == 1,
      let json = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
      let items = json["items"] as? [Any]
    {
      check(whole?.items.count == items.count, "\(items.count) items, not \(whole?.items.count ?? -1)")
    }
    guard let whole else { return }
    var watch = PodWatch(timings: Timings())
    for item in whole.items {
      guard let pod = PodDecoder.pod(item) else { continue }
      verify(pod)
      _ = watch.list(pod)
    }
    if let metadata = whole.metadata, let page = try? PodDecoder.page(metadata) {
      check((1...PodDecoder.versionLimit).contains(page.resourceVersion.utf8.count), "a version: \(page)")
      _ = try? watch.finish(page)
    }
    _ = watch.next(jitter: 0.5)
  }

  private struct Parts: Equatable {
    var items: [[UInt8]] = []
    var metadata: [UInt8]?
    var isComplete = false
  }

  /// Returns nil for a body that is not a list.
  private static func split(_ body: [UInt8], chunk: Int) -> Parts? {
    var splitter = ListSplitter()
    var parts = Parts()
    for start in stride(from: 0, to: body.count, by: chunk) {
      guard let items = try? splitter.feed(Array(body[start..<min(start + chunk, body.count)]).span) else {
        return nil
      }
      parts.items += items
    }
    parts.metadata = splitter.metadata
    parts.isComplete = splitter.isComplete && splitter.hasItems
    return parts
  }

  private static func watch(_ body: [UInt8], chunk: Int) {
    let timings = Timings()
    var watch = PodWatch(timings: timings)
    _ = try? watch.finish(PodWatch.Page(resourceVersion: "1", continueToken: nil))
    var splitter = LineSplitter()
    for start in stride(from: 0, to: body.count, by: chunk) {
      let piece = Array(body[start..<min(start + chunk, body.count)])
      for line in (try? splitter.feed(piece.span)) ?? [] {
        do {
          let event = try PodDecoder.event(line)
          if let pod = event.pod { verify(pod) }
          _ = watch.handle(event)
        } catch {
          check(
            error.detail.utf8.count <= 1024 && !error.detail.utf8.contains(0x0A), "a detail: \(error.detail)")
          watch.fail(error)
          guard case .wait(let duration) = watch.next(jitter: 0.999) else { continue }
          let longest = timings.longestRetryAfter + timings.longestBackoff
          check(duration >= .zero && duration <= longest, "waits for \(duration)")
        }
      }
    }
    check(PodDecoder.message(body).utf8.count <= max(body.count * 3, 3), "a long message")
  }

  private static func verify(_ pod: Pod) {
    let texts = [pod.uid, pod.name, pod.namespace] + pod.containers.flatMap { [$0.id, $0.name, $0.image] }
    check(texts.allSatisfy { $0.utf8.count <= PodDecoder.textLimit }, "a long name: \(pod)")
    check(!pod.uid.isEmpty && pod.containers.count <= Pods.containersInStatus, "not a pod: \(pod)")
  }
}
