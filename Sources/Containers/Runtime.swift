// SPDX-License-Identifier: Apache-2.0

/// The container runtimes that a cgroup path can show.
///
/// The raw values are the values of the label `runtime`. They equal the prefix of a container's ID in the
/// Kubernetes API (`containerd://…`), if it has one.
package enum Runtime: String, Sendable, CaseIterable {
  /// containerd, under Kubernetes or nerdctl.
  case containerd
  /// CRI-O.
  case crio = "cri-o"
  /// Docker, and platforms that run on it, such as ECS.
  case docker
  /// podman.
  case podman
  /// runc without another runtime, with the systemd driver.
  case runc
  /// crun without another runtime, with the systemd driver.
  case crun
  /// LXC, LXD, Incus, and libvirt's LXC driver.
  case lxc
  /// Garden, of Cloud Foundry.
  case garden
  /// systemd-nspawn.
  case nspawn = "systemd-nspawn"
}

extension Runtime {
  /// The runtimes by the prefix of a 64-digit ID: `docker-<id>.scope`, `….slice:cri-containerd:<id>`.
  ///
  /// `crio-conmon` and `libpod-conmon` are excluded: those cgroups contain the monitor, which runs outside
  /// the container.
  static let byPrefix: [String: Runtime] = [
    "cri-containerd": .containerd, "nerdctl": .containerd, "crio": .crio, "docker": .docker,
    "libpod": .podman, "libpod-payload": .podman, "runc": .runc, "crun": .crun,
  ]

  /// The runtimes by the directory of an ID without a prefix.
  ///
  /// `default` and `k8s.io` are namespaces of containerd. ECS passes its directory to Docker as the parent.
  /// Directories below `kubepods` look the same for containerd, Docker and others.
  static let byFolder: [String: Runtime] = [
    "docker": .docker, "ecs": .docker, "default": .containerd, "k8s.io": .containerd,
  ]
}
