// SPDX-License-Identifier: Apache-2.0

package import LiveView

/// The state of the table: samples, sort order, filter and scroll position. ``screen(_:)`` renders it; keys change
/// it.
package struct View: Sendable {
  /// The action that the caller must perform after a key.
  package enum Effect: Equatable, Sendable {
    case show, pause, resume, quit
  }

  /// The number of lines above the rows.
  static let headLines = 4
  /// The longest filter that can be typed, in characters.
  static let filterLimit = 256

  let source: String
  let interval: String
  /// Calculates rates from consecutive readings.
  package var meter = RateCalculator()
  /// The current problem with the source, printable; nil without a problem.
  package var problem: String?
  private(set) var order: Order
  private(set) var filter: String
  private(set) var isTyping = false
  private(set) var showsHelp = false
  /// Whether the table ignores new readings.
  package private(set) var isPaused = false
  /// The number of rows scrolled past.
  private(set) var offset = 0
  /// Whether the last rows stay on the screen when the number of rows changes: from the key End to the next change of position.
  private var staysAtEnd = false
  /// The number of rows that fitted on the last screen.
  private var page = 1

  /// Creates a view without readings.
  ///
  /// - Parameters:
  ///   - source: The source of samples, printable.
  ///   - interval: The time between samples, as text.
  ///   - order: The initial sort order.
  ///   - filter: The initial filter.
  package init(source: String, interval: String, order: Order, filter: String = "") {
    (self.source, self.interval, self.order, self.filter) = (source, interval, order, filter)
  }

  /// Whether no row passes the filter.
  package var isEmpty: Bool { rows.isEmpty }

  var rows: [Row] { order.sorted(meter.rows.filter { $0.matches(filter) }) }

  /// Handles a key and returns the action for the caller.
  package mutating func handle(_ key: Key) -> Effect {
    switch key {
    case .up: scroll(-1)
    case .down: scroll(1)
    case .pageUp: scroll(-page)
    case .pageDown: scroll(page)
    case .home: scroll(to: 0)
    case .end: staysAtEnd = true
    default: return isTyping ? type(key) : command(key)
    }
    return .show
  }

  /// Clamps the scroll position to the number of rows and the screen's size.
  mutating func fit(rows count: Int, page: Int) {
    self.page = max(1, page)
    offset = max(0, staysAtEnd ? count - page : min(offset, count - page))
  }

  private mutating func scroll(_ rows: Int) { scroll(to: max(0, offset + rows)) }

  private mutating func scroll(to row: Int) {
    offset = row
    staysAtEnd = false
  }

  private mutating func command(_ key: Key) -> Effect {
    switch key {
    case .escape:
      filter = ""
      showsHelp = false
    case .character("q"): return .quit
    case .character("/"): isTyping = true
    case .character("h"), .character("?"): showsHelp.toggle()
    case .character("j"): scroll(1)
    case .character("k"): scroll(-1)
    case .character(" "):
      isPaused.toggle()
      return isPaused ? .pause : .resume
    case .character(let character):
      guard let column = Column.allCases.first(where: { $0.key == character }) else { break }
      order.choose(column)
      scroll(to: 0)
    default: break
    }
    return .show
  }

  private mutating func type(_ key: Key) -> Effect {
    switch key {
    case .enter: isTyping = false
    case .escape: (filter, isTyping) = ("", false)
    case .clear: filter = ""
    case .backspace: _ = filter.popLast()
    case .character(let character):
      if filter.unicodeScalars.count < Self.filterLimit { filter.append(character) }
    default: break
    }
    scroll(to: 0)
    return .show
  }
}
