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
    .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CGlibc"),
    // Of libmicrohttpd, which is linked with it.
    .systemLibrary(name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
    // Headers alone: the library is loaded when it is needed.
    .systemLibrary(name: "CLibCurl", providers: [.apt(["libcurl4-gnutls-dev"])]),
    .systemLibrary(name: "CConfinement", providers: [.apt(["libseccomp-dev"])]),
    .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CPidns", path: "bpf/include"),

    .plugin(name: "CompileBPF", capability: .buildTool()),
    .plugin(name: "EmbedAssets", capability: .buildTool()),
    .plugin(name: "StampVersion", capability: .buildTool()),

    .executableTarget(
      name: "pidns-exporter",
      dependencies: [
        "LiveView", "Exporter", "LibBPF", "Probe", "Containers", "Kubernetes", "Platform", "MetricsHTTP",
        "Namespaces", "ProcessEvents", "Confinement", "StatusPage", "Terminal", "Text", "Top", "WebConfig",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .target(
      name: "Exporter",
      dependencies: [
        "LibBPF", "Probe", "Containers", "Gzip", "Kubernetes", "Platform", "Namespaces", "Exposition",
        "MetricsHTTP", "Confinement", "ServerTLS", "StatusPage", "Text", "WebConfig",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings, plugins: ["StampVersion"]),

    .target(name: "LiveView", dependencies: ["Text"], swiftSettings: settings),
    .target(name: "JSON", dependencies: ["CJansson"], swiftSettings: settings),
    .target(name: "LibBPF", dependencies: ["CLibBPF", "Platform", "Text"], swiftSettings: settings),
    .target(
      name: "Probe", dependencies: ["CPidns", "LibBPF", "Platform"], swiftSettings: settings,
      plugins: ["CompileBPF"]),
    .target(
      name: "Namespaces", dependencies: ["CPCRE2", "LibBPF", "Probe", "Containers", "Platform"],
      swiftSettings: settings),
    .target(name: "Containers", dependencies: ["JSON", "Platform"], swiftSettings: settings),
    .target(name: "Exposition", swiftSettings: settings),
    .target(name: "Gzip", dependencies: ["CZlib"], swiftSettings: settings),
    .target(name: "HTTPClient", dependencies: ["CLibCurl", "Platform"], swiftSettings: settings),
    .target(
      name: "Kubernetes",
      dependencies: [
        "Containers", "HTTPClient", "JSON", "Platform", "Text", "YAML",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .target(name: "Platform", dependencies: ["CGlibc"], swiftSettings: settings),
    .target(name: "Confinement", dependencies: ["CConfinement", "Platform"], swiftSettings: settings),
    .target(
      name: "MetricsHTTP", dependencies: ["CMicroHTTPD", "Platform", "ServerTLS"], swiftSettings: settings),
    .target(
      name: "ProcessEvents", dependencies: ["Probe", "Containers", "Platform", "Terminal", "Text"],
      swiftSettings: settings),
    .target(name: "ServerTLS", dependencies: ["CGnuTLS", "WebConfig"], swiftSettings: settings),
    .target(
      name: "StatusPage",
      dependencies: ["LiveView", "Probe", "Containers", "Namespaces", "Platform", "Text"],
      exclude: ["Assets"], swiftSettings: settings, plugins: ["EmbedAssets"]),
    .target(name: "Terminal", dependencies: ["CGlibc", "Platform"], swiftSettings: settings),
    .target(name: "Text", dependencies: ["CGlibc"], swiftSettings: settings),
    .target(
      name: "Top", dependencies: ["LiveView", "HTTPClient", "Platform", "Terminal", "Text", "WebConfig"],
      swiftSettings: settings),
    .target(name: "WebConfig", dependencies: ["JSON", "Platform", "Text", "YAML"], swiftSettings: settings),
    .target(name: "YAML", dependencies: ["CLibYAML", "JSON"], swiftSettings: settings),

    // Ground truth for the tests: a static C program, as it execs itself all the time. SwiftPM links it
    // with swiftc, whose start-up files would pull in the Swift runtime. No sanitizer can be in a static program.
    .executableTarget(
      name: "pidns-workload", path: "Tests/Support/Workload", exclude: ["README.md"],
      cSettings: [
        .unsafeFlags(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-sanitize=all"])
      ],
      linkerSettings: [
        .unsafeFlags([
          "-nostartfiles", "-static-stdlib", "-Xclang-linker", "-static",
          "-Xclang-linker", "-Wno-unused-command-line-argument", "-Xclang-linker", "-fno-sanitize=all",
        ])
      ]),

    // Shared by tests of all kinds.
    .target(name: "TestSupport", path: "Tests/Support/TestSupport", swiftSettings: settings),

    // Runs the programs and containers, and compares their output with the ground truth.
    .target(name: "Harness", path: "Tests/Support/Harness", swiftSettings: settings),

    // Prometheus' protobuf messages, generated by Tests/Support/PrometheusModel/generate.sh.
    .target(
      name: "PrometheusModel", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Tests/Support/PrometheusModel", exclude: ["generate.sh", "metrics.proto"]),

    // Readers of the exporter's formats, independent of its encoder.
    .target(
      name: "PageReaders",
      dependencies: ["PrometheusModel", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Tests/Support/PageReaders", swiftSettings: settings),
    .testTarget(
      name: "PageReadersTests", dependencies: ["PageReaders"], path: "Tests/Unit/PageReadersTests",
      swiftSettings: settings),

    // Reads the pages that the kernel tests fetched.
    .executableTarget(
      name: "pidns-read-pages", dependencies: ["PageReaders"], path: "Tests/Support/ReadPages",
      exclude: ["read-pages.py"], swiftSettings: settings),

    // Checks the console logs of `make test-kernels` and `make test-packages`.
    .executableTarget(
      name: "pidns-console-check", dependencies: ["Harness"], path: "Tests/Support/ConsoleCheck",
      swiftSettings: settings),

    // For `make bench`.
    .executableTarget(
      name: "pidns-bench",
      dependencies: [
        "LibBPF", "Probe", "CLibBPF", "Platform", "Text",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks", exclude: ["README.md", "bpf", "peers", "table.tsv"], swiftSettings: settings,
      plugins: ["CompileBPF"]),

    // A Kubernetes API server for pods, with faults on demand.
    .target(
      name: "APIServer", dependencies: ["CGlibc", "CGnuTLS", "Platform"], path: "Tests/Support/APIServer",
      swiftSettings: settings),

    // For `make test-scenarios`.
    .executableTarget(
      name: "pidns-scenarios",
      dependencies: [
        "APIServer", "Harness", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Acceptance/Scenarios", swiftSettings: settings),

    // For `make test-fleet`.
    .executableTarget(
      name: "pidns-fleet",
      dependencies: [
        "APIServer", "Harness", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Acceptance/Fleet", swiftSettings: settings),

    // Tries what the confinement denies.
    .executableTarget(
      name: "pidns-confinement-probe", dependencies: ["CConfinement", "Platform", "Confinement"],
      path: "Tests/Support/ConfinementProbe", swiftSettings: settings),

    // Lists many pods in its own process, to measure its memory.
    .executableTarget(
      name: "pidns-pod-list",
      dependencies: [
        "Containers", "Kubernetes", "Platform", .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/Support/PodList", swiftSettings: settings),

    .testTarget(
      name: "HarnessTests", dependencies: ["Harness", "pidns-console-check"], path: "Tests/Unit/HarnessTests",
      swiftSettings: settings),
    .testTarget(
      name: "BenchTests", dependencies: ["pidns-bench"], path: "Tests/Unit/BenchTests",
      swiftSettings: settings),
    .testTarget(
      name: "ExpositionTests", dependencies: ["Exposition", "PageReaders"],
      path: "Tests/Unit/ExpositionTests",
      exclude: ["Golden"], swiftSettings: settings),
    .testTarget(
      name: "ConfinementTests", dependencies: ["Confinement"], path: "Tests/Unit/ConfinementTests",
      swiftSettings: settings),
    .testTarget(
      name: "LibBPFTests", dependencies: ["CLibBPF", "LibBPF", "TestSupport"], path: "Tests/Unit/LibBPFTests",
      swiftSettings: settings),
    .testTarget(
      name: "LiveViewTests", dependencies: ["LiveView"], path: "Tests/Unit/LiveViewTests",
      swiftSettings: settings),
    .testTarget(
      name: "PlatformTests", dependencies: ["Harness", "Platform"], path: "Tests/Unit/PlatformTests",
      swiftSettings: settings),
    .testTarget(
      name: "ProbeTests", dependencies: ["CPidns", "LibBPF", "Probe", "TestSupport", "Text"],
      path: "Tests/Unit/ProbeTests",
      swiftSettings: settings),
    .testTarget(
      name: "ExporterTests",
      dependencies: [
        "APIServer", "CZlib", "Exporter", "LibBPF", "Probe", "Containers", "Exposition", "Gzip", "Harness",
        "Kubernetes", "MetricsHTTP", "Namespaces", "PageReaders", "Platform", "ServerTLS", "TestSupport",
        "WebConfig",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/Unit/ExporterTests", swiftSettings: settings),
    .testTarget(
      name: "ContainersTests", dependencies: ["Containers", "Harness", "Platform"],
      path: "Tests/Unit/ContainersTests",
      exclude: ["Fixtures"],
      swiftSettings: settings),
    .testTarget(
      name: "NamespacesTests",
      dependencies: ["Probe", "Containers", "Harness", "Platform", "Namespaces", "TestSupport"],
      path: "Tests/Unit/NamespacesTests", swiftSettings: settings),
    .testTarget(
      name: "KubernetesTests",
      dependencies: [
        "APIServer", "Containers", "JSON", "Kubernetes", "pidns-pod-list", "Platform", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/Unit/KubernetesTests", swiftSettings: settings),
    .testTarget(
      name: "KernelTests",
      dependencies: [
        "APIServer", "LibBPF", "Probe", "Exporter", "Harness", "Platform", "MetricsHTTP", "Namespaces",
        "JSON", "YAML", "pidns-exporter", "pidns-confinement-probe", "pidns-workload",
      ],
      path: "Tests/Kernel",
      exclude: ["bpf", "neighbour.sh", "parse-openmetrics.py", "processes.py", "verifier-instructions.tsv"],
      swiftSettings: settings,
      plugins: ["CompileBPF"]),
    .testTarget(
      name: "MetricsHTTPTests", dependencies: ["MetricsHTTP", "Platform", "TestSupport"],
      path: "Tests/Unit/MetricsHTTPTests",
      swiftSettings: settings),
    .testTarget(
      name: "PidnsExporterTests",
      dependencies: [
        "pidns-exporter", "ProcessEvents", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Unit/PidnsExporterTests", swiftSettings: settings),
    .testTarget(
      name: "ProcessEventsTests",
      dependencies: [
        "Probe", "Containers", "Platform", "ProcessEvents", "Text",
      ],
      path: "Tests/Unit/ProcessEventsTests", swiftSettings: settings),
    .testTarget(
      name: "StatusPageTests",
      dependencies: [
        "LiveView", "LibBPF", "Probe", "Containers", "Namespaces", "Platform", "StatusPage", "TestSupport",
      ],
      path: "Tests/Unit/StatusPageTests", swiftSettings: settings),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Containers", "Exporter", "Exposition", "Kubernetes", "LiveView", "MetricsHTTP", "Namespaces",
        "PageReaders", "Platform", "Probe", "ProcessEvents", "StatusPage", "Terminal", "Top", "WebConfig",
        "YAML", .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/Fuzz", exclude: ["Corpus", "Dictionaries", "PidnsFuzz.swift", "README.md", "run.sh"],
      swiftSettings: settings),
    .testTarget(
      name: "FuzzTests", dependencies: ["FuzzTargets"], path: "Tests/Unit/FuzzTests", swiftSettings: settings),
    .testTarget(
      name: "TextTests", dependencies: ["Text"], path: "Tests/Unit/TextTests",
      swiftSettings: settings),
    .testTarget(
      name: "TopTests", dependencies: ["LiveView", "Terminal", "Text", "Top"], path: "Tests/Unit/TopTests",
      swiftSettings: settings),
    .testTarget(
      name: "WebConfigTests", dependencies: ["Harness", "ServerTLS", "WebConfig"],
      path: "Tests/Unit/WebConfigTests", swiftSettings: settings),
    .testTarget(
      name: "JSONTests", dependencies: ["JSON"], path: "Tests/Unit/JSONTests", swiftSettings: settings),
    .testTarget(
      name: "YAMLTests", dependencies: ["JSON", "YAML"], path: "Tests/Unit/YAMLTests", swiftSettings: settings
    ),
  ],
  swiftLanguageModes: [.v6]
)

// For `make fuzz`, which sets the variable to the path of libFuzzer in the toolchain. Other builds do not have it.
if let libFuzzer = Context.environment["PIDNS_LIBFUZZER"] {
  package.targets.append(
    .executableTarget(
      name: "pidns-fuzz", dependencies: ["FuzzTargets", "Platform"], path: "Tests/Fuzz",
      exclude: ["Corpus", "Dictionaries", "FuzzTarget.swift", "README.md", "Support", "Targets", "run.sh"],
      swiftSettings: settings,
      linkerSettings: [.unsafeFlags(["-Xlinker", libFuzzer, "-Xlinker", "-lstdc++"])]))
}
