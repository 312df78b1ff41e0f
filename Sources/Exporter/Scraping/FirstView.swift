// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Probe

/// The lines of one response that are held at 0, because its scraper has not seen them before.
struct FirstView {
  /// The poll of the scraper's last response; the highest number for clients that see all actual values.
  let lastPoll: Int
  /// The number of samples that were held.
  private(set) var heldSamples = 0

  /// Holds nothing.
  static var ofEverything: FirstView { FirstView(lastPoll: .max) }

  init(lastPoll: Int) { self.lastPoll = lastPoll }

  /// Whether lines that first appeared in a given poll are held; counts them.
  mutating func holds(_ birth: Int, lines: Int = 1) -> Bool {
    guard birth > lastPoll else { return false }
    heldSamples += lines
    return true
  }
}

extension Encoder {
  /// Writes a sample of a series' counter. If it is held, writes 0 without an exemplar.
  ///
  /// - Parameter birth: The number of the poll that showed the line first.
  mutating func sample(
    _ context: borrowing SeriesContext, adding extra: LabelSet = .empty, _ value: UInt64, birth: Int,
    _ view: inout FirstView, exemplar: @autoclosure () -> Exemplar?
  ) {
    let isHeld = view.holds(birth)
    sample(
      context.labels, adding: extra, isHeld ? 0 : value, start: context.series.start,
      exemplar: isHeld ? nil : exemplar())
  }
}
