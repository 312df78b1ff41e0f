// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// What every Swift target is compiled with; `make check` and CI rely on warnings being errors.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "pidns-exporter",
  products: [
    .executable(name: "pidns-exporter", targets: ["pidns-exporter"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    // For the tests alone: no product of this package has it.
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
  ],
  targets: [
    // C libraries and headers, as module maps: no C is compiled for them.
    .systemLibrary(name: "CLibBPF", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev"])]),
    .systemLibrary(
      name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CGlibc"),
    // Headers alone: the library is loaded when it is needed.
    .systemLibrary(name: "CLibCurl", providers: [.apt(["libcurl4-gnutls-dev"])]),
    .systemLibrary(name: "CPidns", path: "bpf/include"),

    .plugin(name: "CompileBPF", capability: .buildTool()),
    .plugin(name: "StampVersion", capability: .buildTool()),

    .executableTarget(
      name: "pidns-exporter",
      dependencies: [
        "Activity", "Exporter", "BPFKit", "Containers", "Kubernetes", "Linux", "MetricsHTTP", "Namespaces",
        "ProcessEvents", "Terminal", "Top",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .target(
      name: "Exporter",
      dependencies: [
        "Activity", "BPFKit", "Containers", "Gzip", "Kubernetes", "Linux", "Namespaces", "Exposition",
        "MetricsHTTP", "Terminal",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings, plugins: ["StampVersion"]),

    .target(name: "Activity", dependencies: ["Terminal"], swiftSettings: settings),
    .target(
      name: "BPFKit", dependencies: ["CLibBPF", "CPidns", "Linux"], swiftSettings: settings,
      plugins: ["CompileBPF"]),
    .target(
      name: "Namespaces", dependencies: ["BPFKit", "Containers", "Exposition", "Linux"],
      swiftSettings: settings),
    .target(name: "Containers", dependencies: ["Linux"], swiftSettings: settings),
    .target(name: "Exposition", swiftSettings: settings),
    .target(name: "Gzip", dependencies: ["CZlib"], swiftSettings: settings),
    .target(name: "HTTPClient", dependencies: ["CLibCurl", "Linux"], swiftSettings: settings),
    .target(
      name: "Kubernetes",
      dependencies: [
        "Containers", "HTTPClient", "Linux", "YAML",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .target(name: "Linux", dependencies: ["CGlibc"], swiftSettings: settings),
    .target(name: "MetricsHTTP", dependencies: ["CMicroHTTPD"], swiftSettings: settings),
    .target(
      name: "ProcessEvents", dependencies: ["BPFKit", "Containers", "Linux", "Terminal"],
      swiftSettings: settings),
    .target(name: "Terminal", dependencies: ["CGlibc", "Linux"], swiftSettings: settings),
    .target(
      name: "Top", dependencies: ["Activity", "HTTPClient", "Linux", "Terminal"], swiftSettings: settings),
    .target(name: "YAML", dependencies: ["CLibYAML"], swiftSettings: settings),

    // Ground truth for the tests: a static C program, as it execs itself all the time. SwiftPM links it
    // with swiftc, whose start-up files would pull in the Swift runtime.
    .executableTarget(
      name: "pidns-workload", path: "Tests/Support/Workload", exclude: ["README.md"],
      cSettings: [.unsafeFlags(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [
        .unsafeFlags([
          "-nostartfiles", "-static-stdlib", "-Xclang-linker", "-static",
          "-Xclang-linker", "-Wno-unused-command-line-argument",
        ])
      ]),

    // What drives the programs, and holds what they show against the truth.
    .target(name: "Harness", path: "Tests/Support/Harness", swiftSettings: settings),

    // Prometheus' protobuf messages, generated: what Tests/Support/PrometheusModel/generate.sh makes.
    .target(
      name: "PrometheusModel", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Tests/Support/PrometheusModel", exclude: ["generate.sh", "metrics.proto"]),

    // Readers of the formats that the exporter writes, independent of what writes them.
    .target(
      name: "PageReaders",
      dependencies: ["PrometheusModel", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Tests/Support/PageReaders", swiftSettings: settings),
    .testTarget(
      name: "PageReadersTests", dependencies: ["PageReaders"], path: "Tests/Unit/PageReadersTests",
      swiftSettings: settings),

    // What reads the pages that the kernel tests fetched.
    .executableTarget(
      name: "pidns-read-pages", dependencies: ["PageReaders"], path: "Tests/Support/ReadPages",
      exclude: ["read-pages.py"], swiftSettings: settings),

    // What `make test-kernels` judges with.
    .executableTarget(
      name: "pidns-judge", dependencies: ["Harness"], path: "Tests/Support/Judge", swiftSettings: settings),

    // What `make bench` runs.
    .executableTarget(
      name: "pidns-bench",
      dependencies: [
        "BPFKit", "CLibBPF", "Linux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks", exclude: ["README.md", "bpf"], swiftSettings: settings, plugins: ["CompileBPF"]),

    // An API server of Kubernetes, as far as pods go, with faults on order.
    .systemLibrary(
      name: "CGnuTLS", path: "Tests/Support/CGnuTLS", pkgConfig: "gnutls",
      providers: [.apt(["libgnutls28-dev"])]),
    .target(
      name: "APIServer", dependencies: ["CGnuTLS", "Linux"], path: "Tests/Support/APIServer",
      swiftSettings: settings),

    // What `make test-scenarios` runs.
    .executableTarget(
      name: "pidns-scenarios",
      dependencies: [
        "APIServer", "Harness", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Acceptance/Scenarios", swiftSettings: settings),

    // What `make test-fleet` runs.
    .executableTarget(
      name: "pidns-fleet",
      dependencies: [
        "APIServer", "Harness", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Acceptance/Fleet", swiftSettings: settings),

    // What lists many pods in a process of its own, whose memory can be told.
    .executableTarget(
      name: "pidns-pod-list",
      dependencies: [
        "Containers", "Kubernetes", "Linux", .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/Support/PodList", swiftSettings: settings),

    .testTarget(
      name: "HarnessTests", dependencies: ["Harness", "pidns-judge"], path: "Tests/Unit/HarnessTests",
      swiftSettings: settings),
    .testTarget(
      name: "ExpositionTests", dependencies: ["Exposition", "PageReaders"], path: "Tests/Unit/ExpositionTests",
      exclude: ["Golden"], swiftSettings: settings),
    .testTarget(
      name: "BPFKitTests", dependencies: ["BPFKit", "CPidns"], path: "Tests/Unit/BPFKitTests",
      swiftSettings: settings),
    .testTarget(
      name: "ExporterTests",
      dependencies: [
        "Activity", "Exporter", "BPFKit", "Containers", "Exposition", "Harness", "Kubernetes", "Linux",
        "MetricsHTTP", "Namespaces", "PageReaders",
      ],
      path: "Tests/Unit/ExporterTests", swiftSettings: settings),
    .testTarget(
      name: "ContainersTests", dependencies: ["Containers", "Linux"], path: "Tests/Unit/ContainersTests",
      exclude: ["Fixtures"],
      swiftSettings: settings),
    .testTarget(
      name: "NamespacesTests", dependencies: ["BPFKit", "Containers", "Exposition", "Linux", "Namespaces"],
      path: "Tests/Unit/NamespacesTests", swiftSettings: settings),
    .testTarget(
      name: "KubernetesTests",
      dependencies: [
        "APIServer", "Containers", "Kubernetes", "pidns-pod-list",
        .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/Unit/KubernetesTests", swiftSettings: settings),
    .testTarget(
      name: "KernelTests",
      dependencies: [
        "APIServer", "BPFKit", "Exporter", "Harness", "Linux", "MetricsHTTP", "Namespaces",
        "YAML", "pidns-exporter", "pidns-workload",
      ],
      path: "Tests/Kernel", exclude: ["bpf", "neighbour.sh", "parse-openmetrics.py", "processes.py"],
      swiftSettings: settings,
      plugins: ["CompileBPF"]),
    .testTarget(
      name: "MetricsHTTPTests", dependencies: ["MetricsHTTP"], path: "Tests/Unit/MetricsHTTPTests",
      swiftSettings: settings),
    .testTarget(
      name: "PidnsExporterTests",
      dependencies: [
        "pidns-exporter", "ProcessEvents", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Unit/PidnsExporterTests", swiftSettings: settings),
    .testTarget(
      name: "ProcessEventsTests", dependencies: ["BPFKit", "Containers", "ProcessEvents", "Terminal"],
      path: "Tests/Unit/ProcessEventsTests", swiftSettings: settings),
    .testTarget(
      name: "TerminalTests", dependencies: ["Terminal"], path: "Tests/Unit/TerminalTests",
      swiftSettings: settings),
    .testTarget(
      name: "TopTests", dependencies: ["Activity", "Terminal", "Top"], path: "Tests/Unit/TopTests",
      swiftSettings: settings),
    .testTarget(
      name: "YAMLTests", dependencies: ["YAML"], path: "Tests/Unit/YAMLTests", swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
