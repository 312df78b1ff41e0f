#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# generate.sh
#
# Makes metrics.pb.swift of metrics.proto, after a change of it or another version of swift-protobuf. Needs protoc (Debian:
# protobuf-compiler). Builds protoc-gen-swift from the version that Package.swift names, which takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../../.."

swift build -c release --package-path .build/checkouts/swift-protobuf \
  --scratch-path .build/protoc-gen-swift --product protoc-gen-swift
folder=Tests/Support/PrometheusModel
checkout=.build/checkouts/swift-protobuf
protoc --plugin=.build/protoc-gen-swift/release/protoc-gen-swift --proto_path="$folder" \
  --proto_path="$checkout/Protos/Sources/SwiftProtobuf" --swift_opt=Visibility=Package \
  --swift_out="$folder" metrics.proto
sed --in-place '1i // SPDX-License-Identifier: Apache-2.0\n' "$folder/metrics.pb.swift"
