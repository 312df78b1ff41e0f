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
    .plugin(name: "EmbedAssets", capability: .buildTool()),
    .plugin(name: "StampVersion", capability: .buildTool()),

    .executableTarget(
      name: "pidns-exporter",
      dependencies: [
        "LiveView", "Exporter", "LibBPF", "Probe", "Containers", "Kubernetes", "Platform", "MetricsHTTP",
        "Namespaces",
        "ProcessEvents", "Terminal", "Text", "Top",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .target(
      name: "Exporter",
      dependencies: [
        "LiveView", "LibBPF", "Probe", "Containers", "Gzip", "Kubernetes", "Platform", "Namespaces",
        "Exposition",
        "MetricsHTTP", "Terminal", "Text",
        .product(name: "Logging", package: "swift-log"),
      ], exclude: ["StatusPage/Assets"], swiftSettings: settings, plugins: ["EmbedAssets", "StampVersion"]),

    .target(name: "LiveView", dependencies: ["Text"], swiftSettings: settings),
    .target(name: "LibBPF", dependencies: ["CLibBPF", "Platform"], swiftSettings: settings),
    .target(
      name: "Probe", dependencies: ["CPidns", "LibBPF", "Platform"], swiftSettings: settings,
      plugins: ["CompileBPF"]),
    .target(
      name: "Namespaces", dependencies: ["LibBPF", "Probe", "Containers", "Exposition", "Platform"],
      swiftSettings: settings),
    .target(name: "Containers", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "Exposition", swiftSettings: settings),
    .target(name: "Gzip", dependencies: ["CZlib"], swiftSettings: settings),
    .target(name: "HTTPClient", dependencies: ["CLibCurl", "Platform"], swiftSettings: settings),
    .target(
      name: "Kubernetes",
      dependencies: [
        "Containers", "HTTPClient", "Platform", "Text", "YAML",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .target(name: "Platform", dependencies: ["CGlibc"], swiftSettings: settings),
    .target(name: "MetricsHTTP", dependencies: ["CMicroHTTPD"], swiftSettings: settings),
    .target(
      name: "ProcessEvents", dependencies: ["LibBPF", "Probe", "Containers", "Platform", "Terminal", "Text"],
      swiftSettings: settings),
    .target(name: "Terminal", dependencies: ["CGlibc", "Platform"], swiftSettings: settings),
    .target(name: "Text", dependencies: ["CGlibc"], swiftSettings: settings),
    .target(
      name: "Top", dependencies: ["LiveView", "HTTPClient", "Platform", "Terminal", "Text"],
      swiftSettings: settings),
    .target(name: "YAML", dependencies: ["CLibYAML", "Text"], swiftSettings: settings),

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

    // What tests of every kind share.
    .target(name: "TestSupport", path: "Tests/Support/TestSupport", swiftSettings: settings),

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
        "LibBPF", "Probe", "CLibBPF", "Platform", "Text",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks", exclude: ["README.md", "bpf"], swiftSettings: settings, plugins: ["CompileBPF"]),

    // An API server of Kubernetes, as far as pods go, with faults on order.
    .systemLibrary(
      name: "CGnuTLS", path: "Tests/Support/CGnuTLS", pkgConfig: "gnutls",
      providers: [.apt(["libgnutls28-dev"])]),
    .target(
      name: "APIServer", dependencies: ["CGnuTLS", "Platform"], path: "Tests/Support/APIServer",
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
        "Containers", "Kubernetes", "Platform", .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/Support/PodList", swiftSettings: settings),

    .testTarget(
      name: "HarnessTests", dependencies: ["Harness", "pidns-judge"], path: "Tests/Unit/HarnessTests",
      swiftSettings: settings),
    .testTarget(
      name: "ExpositionTests", dependencies: ["Exposition", "PageReaders"],
      path: "Tests/Unit/ExpositionTests",
      exclude: ["Golden"], swiftSettings: settings),
    .testTarget(
      name: "LibBPFTests", dependencies: ["LibBPF"], path: "Tests/Unit/LibBPFTests", swiftSettings: settings),
    .testTarget(
      name: "LiveViewTests", dependencies: ["LiveView"], path: "Tests/Unit/LiveViewTests",
      swiftSettings: settings),
    .testTarget(
      name: "ProbeTests", dependencies: ["CPidns", "LibBPF", "Probe"], path: "Tests/Unit/ProbeTests",
      swiftSettings: settings),
    .testTarget(
      name: "ExporterTests",
      dependencies: [
        "LiveView", "Exporter", "LibBPF", "Probe", "Containers", "Exposition", "Harness", "Kubernetes",
        "MetricsHTTP", "Namespaces", "PageReaders", "Platform", "TestSupport",
      ],
      path: "Tests/Unit/ExporterTests", swiftSettings: settings),
    .testTarget(
      name: "ContainersTests", dependencies: ["Containers", "Harness", "Platform"],
      path: "Tests/Unit/ContainersTests",
      exclude: ["Fixtures"],
      swiftSettings: settings),
    .testTarget(
      name: "NamespacesTests",
      dependencies: ["LibBPF", "Probe", "Containers", "Exposition", "Platform", "Namespaces"],
      path: "Tests/Unit/NamespacesTests", swiftSettings: settings),
    .testTarget(
      name: "KubernetesTests",
      dependencies: [
        "APIServer", "Containers", "Kubernetes", "pidns-pod-list", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/Unit/KubernetesTests", swiftSettings: settings),
    .testTarget(
      name: "KernelTests",
      dependencies: [
        "APIServer", "LibBPF", "Probe", "Exporter", "Harness", "Platform", "MetricsHTTP", "Namespaces",
        "YAML", "pidns-exporter", "pidns-workload",
      ],
      path: "Tests/Kernel",
      exclude: ["bpf", "neighbour.sh", "parse-openmetrics.py", "processes.py", "verifier-instructions.tsv"],
      swiftSettings: settings,
      plugins: ["CompileBPF"]),
    .testTarget(
      name: "MetricsHTTPTests", dependencies: ["MetricsHTTP"], path: "Tests/Unit/MetricsHTTPTests",
      swiftSettings: settings),
    .testTarget(
      name: "PidnsExporterTests",
      dependencies: [
        "pidns-exporter", "ProcessEvents", "Terminal", "Text",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Unit/PidnsExporterTests", swiftSettings: settings),
    .testTarget(
      name: "ProcessEventsTests",
      dependencies: [
        "LibBPF", "Probe", "Containers", "Platform", "ProcessEvents", "Terminal", "Text",
      ],
      path: "Tests/Unit/ProcessEventsTests", swiftSettings: settings),
    .testTarget(
      name: "TextTests", dependencies: ["Text"], path: "Tests/Unit/TextTests",
      swiftSettings: settings),
    .testTarget(
      name: "TopTests", dependencies: ["LiveView", "Terminal", "Text", "Top"], path: "Tests/Unit/TopTests",
      swiftSettings: settings),
    .testTarget(
      name: "YAMLTests", dependencies: ["YAML"], path: "Tests/Unit/YAMLTests", swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
