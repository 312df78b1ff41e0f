// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Containers

/// What containers are called outside of Kubernetes.
struct LocalNameFlags: ParsableArguments {
  @Flag(
    name: .customLong("local-names"), inversion: .prefixedNo,
    help: "Name containers outside of Kubernetes by the files of Docker and podman; else by their short ids.")
  var readsLocalNames = true

  @Option(
    name: .customLong("docker.root"),
    help: ArgumentHelp(
      "Docker's folder, where the names of its containers are read.", valueName: "path"))
  var dockerRoot = LocalNames.dockerRoot

  @Option(
    name: .customLong("podman.root"),
    help: ArgumentHelp(
      "A folder of podman's storage, where the names of its containers are read; may be given several times.",
      valueName: "path"))
  var podmanRoots = LocalNames.podmanRoots

  /// Where containers have their names; nil for nowhere.
  var names: LocalNames? {
    readsLocalNames ? LocalNames(dockerRoot: dockerRoot, podmanRoots: podmanRoots) : nil
  }
}
