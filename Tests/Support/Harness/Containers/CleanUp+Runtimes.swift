// SPDX-License-Identifier: Apache-2.0

import Foundation

extension CleanUp {
  /// Removes the containers of a runtime that has all of its state in a folder, what runs for it, what it mounted, and the folder.
  ///
  /// - Parameter script: Removes the containers; `$1` is the folder.
  static func ofRuntime(in folder: TemporaryFolder, _ script: String) throws -> CleanUp {
    // By their arguments: conmon, containerd's shims, a client.
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

  /// Removes the containers that runc has in a state.
  static func runc(_ state: String) -> String {
    """
    for container in "\(state)"/*/; do
      timeout 10 runc --root "\(state)" delete --force "$(basename "$container")"
    done
    """
  }
}
