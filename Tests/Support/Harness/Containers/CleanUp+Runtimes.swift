// SPDX-License-Identifier: Apache-2.0

import Foundation

extension CleanUp {
  /// Removes the containers of a runtime whose state is in a folder, its processes, its mounts, and the folder.
  ///
  /// - Parameter script: Removes the containers; `$1` is the folder.
  static func ofRuntime(in folder: TemporaryFolder, _ script: String) throws -> CleanUp {
    // conmon, containerd's shims and clients have the folder in their arguments.
    try CleanUp(
      """
      exec >/dev/null 2>&1
      \(script)
      for file in $(grep --files-with-matches --fixed-strings "$1" /proc/[0-9]*/cmdline); do
        pid=${file#/proc/}
        pid=${pid%/cmdline}
        if [ "$pid" != $$ ]; then kill -KILL "$pid"; fi
      done
      while read -r _ _ _ _ point _; do
        case $point in "$1"/*) umount --lazy "$point" ;; esac
      done </proc/self/mountinfo
      rm -rf --one-file-system "$1"
      """, [folder.url.path()])
  }

  /// Removes the containers in a state folder of runc.
  static func runc(_ state: String) -> String {
    """
    for container in "\(state)"/*/; do
      timeout 10 runc --root "\(state)" delete --force "$(basename "$container")"
    done
    """
  }
}
