// SPDX-License-Identifier: Apache-2.0

/// Code that reads bytes from outside. It must neither trap nor break what `check` demands, whatever the bytes are.
struct FuzzTarget: Sendable {
  /// The name on the command line, and of its folder in `Corpus`.
  let name: String
  let run: @Sendable ([UInt8]) -> Void

  /// All of them; `make fuzz` runs them in this order.
  static let all = [
    FuzzTarget(name: "request", run: RequestTarget.run),
    FuzzTarget(name: "guarded-request", run: RequestTarget.runGuarded),
    FuzzTarget(name: "headers", run: HeadersTarget.run),
    FuzzTarget(name: "query", run: QueryTarget.run),
    FuzzTarget(name: "label-filter", run: LabelFilterTarget.run),
    FuzzTarget(name: "web-config", run: WebConfigTarget.run),
    FuzzTarget(name: "cgroup-path", run: CgroupPathTarget.run),
    FuzzTarget(name: "container-files", run: ContainerFilesTarget.run),
    FuzzTarget(name: "pods", run: PodsTarget.run),
    FuzzTarget(name: "kubeconfig", run: KubeconfigTarget.run),
    FuzzTarget(name: "exposition", run: ExpositionTarget.run),
    FuzzTarget(name: "encoder", run: EncoderTarget.run),
    FuzzTarget(name: "events", run: EventsTarget.run),
    FuzzTarget(name: "state", run: StateTarget.run),
  ]

  static var names: String { all.map(\.name).joined(separator: ", ") }
}

/// Ends the process, so that libFuzzer writes the input to a file, if a condition does not hold.
func check(_ condition: Bool, _ problem: @autoclosure () -> String) {
  if !condition { fatalError(problem()) }
}
