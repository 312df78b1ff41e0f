// SPDX-License-Identifier: Apache-2.0

/// Measures things in turn, over and over, so that a machine that gets busier is to nobody's disadvantage.
///
/// - Returns: For each thing what its rounds measured, in the order of the rounds: those of one index were
///   measured one after another, and may be compared.
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
