// SPDX-License-Identifier: Apache-2.0

/// The runtime that started a container, if its cgroup shows it.
///
/// The raw values are the words of the label `runtime`: where the Kubernetes API has one in front of a
/// container's id (`containerd://…`), it is that.
package enum Runtime: String, Sendable, CaseIterable {
  /// containerd, under Kubernetes or nerdctl.
  case containerd
  /// CRI-O.
  case crio = "cri-o"
  /// Docker, and platforms that run on it, such as ECS.
  case docker
  /// podman.
  case podman
  /// runc by itself, with the systemd driver.
  case runc
  /// crun by itself, with the systemd driver.
  case crun
  /// LXC, LXD, Incus, and libvirt's driver of that name.
  case lxc
  /// systemd-nspawn.
  case nspawn = "systemd-nspawn"
}

extension Runtime {
  /// The prefixes of ids of 64 digits: `docker-<id>.scope`, `….slice:cri-containerd:<id>`.
  ///
  /// `crio-conmon` and `libpod-conmon` are not here: those cgroups hold the monitor, which is outside.
  static let byPrefix: [String: Runtime] = [
    "cri-containerd": .containerd, "nerdctl": .containerd, "crio": .crio, "docker": .docker,
    "libpod": .podman, "libpod-payload": .podman, "runc": .runc, "crun": .crun,
  ]

  /// The folders that identify the runtime of ids without a prefix.
  ///
  /// `default` and `k8s.io` are containerd's namespaces; ECS passes its folder to Docker as the parent. Below
  /// `kubepods`, containerd, Docker and others look alike.
  static let byFolder: [String: Runtime] = [
    "docker": .docker, "ecs": .docker, "default": .containerd, "k8s.io": .containerd,
  ]
}
