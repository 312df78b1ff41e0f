// SPDX-License-Identifier: Apache-2.0

/// Measures things in turn over several rounds, so that a change of the machine's load affects all of them.
///
/// - Returns: For each thing the measurements of its rounds. Measurements with the same index were made one
///   after another and are comparable.
func inTurn<Thing, Measured>(
  _ things: [Thing], rounds: Int, _ measure: (Thing) throws -> Measured
) rethrows -> [[Measured]] {
  var measured: [[Measured]] = things.map { _ in [] }
  for round in 0..<rounds {
    let order = round % 2 == 0 ? Array(things.indices) : things.indices.reversed()
    for index in order { measured[index].append(try measure(things[index])) }
  }
  return measured
}
