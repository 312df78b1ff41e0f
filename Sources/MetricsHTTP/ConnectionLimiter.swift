// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform
import Synchronization

/// Applies the limits to the connections of a server, and reports refusals.
///
/// Connections are closed by `shutdown`; then MHD closes them on its own thread. This is safe from any thread: a
/// descriptor is shut down only under the table's lock while its connection is in the table. MHD closes the descriptor
/// after its removal from the table.
final class ConnectionLimiter: Sendable {
  typealias Report = @Sendable (_ reason: HTTPServer.RefusalReason, _ count: UInt64) -> Void

  // OpenConnection is not Sendable: all its variables are used under this lock.
  private struct State: @unchecked Sendable {
    var table: ConnectionTable
    var log = RefusalLog()
    /// The time of the thread's next check; nil before the first one.
    var nextRun: ContinuousClock.Instant?
    var isStopped = false
  }

  private let state: Mutex<State>
  private let wake = Semaphore()
  private let hasEnded = Semaphore()
  private let hasThread = Atomic(false)
  private let report: Report?
  private let sendsTimeouts: Bool
  private let now: @Sendable () -> ContinuousClock.Instant

  /// The accuracy of deadlines, so that many of them do not wake the thread often.
  private static let tolerance = Duration.milliseconds(50)

  /// - Parameters:
  ///   - sendsTimeouts: Whether 408 is written to the socket: not with TLS.
  ///   - report: Receives refusals by reason, at most once a minute for each, on a thread of the limiter.
  ///   - now: Reads the time.
  init(
    limits: HTTPServer.Limits, sendsTimeouts: Bool = true, report: Report? = nil,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    state = Mutex(State(table: ConnectionTable(limits: limits)))
    self.sendsTimeouts = sendsTimeouts
    self.report = report
    self.now = now
  }

  /// Starts the thread that closes connections at their deadlines. Returns false if the kernel has no thread left.
  func start() -> Bool {
    let isStarted = Thread.start { [self] in
      while let pause = enforceDeadlines() { wake.wait(atMost: pause) }
      hasEnded.signal()
    }
    hasThread.store(isStarted, ordering: .relaxed)
    return isStarted
  }

  /// Stops the thread and waits for it.
  func stop() {
    state.withLock { $0.isStopped = true }
    wake.signal()
    if hasThread.load(ordering: .relaxed) { hasEnded.wait() }
  }

  /// Open connections and refusals.
  var traffic: HTTPServer.Traffic {
    state.withLock { state in
      var traffic = HTTPServer.Traffic()
      traffic.connections = state.table.count
      traffic.refusals = state.log.totals
      return traffic
    }
  }

  // MARK: On the polling threads

  /// Returns whether a client may connect. Shuts down one other connection at most.
  func accepts(_ client: ClientAddress, isOverloaded: Bool) -> Bool {
    change { state, now in
      switch state.table.makeRoom(for: client, isOverloaded: isOverloaded, at: now) {
      case .free: return true
      case .none(let reason):
        count(reason, &state, at: now)
        return false
      case .instead(let victim, let reason):
        count(reason, &state, at: now)
        Self.shutDown(victim)
        return true
      }
    }
  }

  /// Adds a connection. The caller keeps it until `remove`.
  func add(descriptor: CInt, client: ClientAddress) -> OpenConnection {
    change { state, now in
      let connection = state.table.add(descriptor: descriptor, client: client, at: now)
      wakeThread(for: state.table.deadline(of: connection), &state)
      return Unchecked(value: connection)
    }.value
  }

  /// Removes a connection. Its descriptor may be closed afterwards.
  func remove(_ connection: OpenConnection) {
    let connection = Unchecked(value: connection)
    change { state, _ in state.table.remove(connection.value) }
  }

  /// Records that the headers of a request are complete. Returns the rank of the client.
  func begin(_ connection: OpenConnection) -> ClientRank {
    let connection = Unchecked(value: connection)
    return change { state, now in
      state.table.begin(connection.value, at: now)
      wakeThread(for: state.table.deadline(of: connection.value), &state)
      return connection.value.rank
    }
  }

  /// Records whether a thread computes the response.
  func setComputing(_ connection: OpenConnection, _ isComputing: Bool) {
    let connection = Unchecked(value: connection)
    change { state, now in state.table.setComputing(connection.value, isComputing, at: now) }
  }

  /// Records that a connection receives a response, and shuts down others if its body would need too much memory.
  ///
  /// - Returns: Whether there is room for it.
  func beginBody(of response: Response, on connection: OpenConnection) -> Bool {
    let connection = Unchecked(value: connection)
    return change { state, now in
      let (hasRoom, displaced) = state.table.beginBody(
        response.bodyIdentifier, bytes: response.bodySize, on: connection.value)
      for connection in displaced {
        count(.unreadResponse, &state, at: now)
        Self.shutDown(connection)
      }
      return hasRoom
    }
  }

  /// Records that a response has ended; `isWelcome` if it was a page that was sent completely.
  func end(_ connection: OpenConnection, isWelcome: Bool) {
    let connection = Unchecked(value: connection)
    change { state, now in
      state.table.end(connection.value, isWelcome: isWelcome, at: now)
      wakeThread(for: state.table.deadline(of: connection.value), &state)
    }
  }

  /// Counts a request that was refused.
  func count(_ reason: HTTPServer.RefusalReason) {
    change { state, now in count(reason, &state, at: now) }
  }

  /// A connection that is passed into or out of the lock.
  private struct Unchecked: @unchecked Sendable { let value: OpenConnection }

  private func change<Result: Sendable>(_ body: (inout State, ContinuousClock.Instant) -> Result) -> Result {
    let now = now()
    return state.withLock { body(&$0, now) }
  }

  private func count(
    _ reason: HTTPServer.RefusalReason, _ state: inout State, at now: ContinuousClock.Instant
  ) {
    if state.log.count(reason, at: now) { wakeThread(for: now, &state) }
  }

  /// Makes the thread check at a time, if its next check is later.
  private func wakeThread(for time: ContinuousClock.Instant, _ state: inout State) {
    guard let next = state.nextRun, time + Self.tolerance < next else { return }
    state.nextRun = time
    wake.signal()
  }

  // MARK: On the thread of the limiter

  /// Closes connections whose time is over, and reports refusals.
  ///
  /// - Returns: The time until the next call; nil if the limiter was stopped.
  func enforceDeadlines() -> Duration? {
    let (reports, pause) = change { state, now in
      let (expired, nextDeadline) = state.table.removeExpired(at: now)
      for connection in expired { close(connection, &state, at: now) }
      let (reports, nextReport) = state.log.removeReports(at: now)
      var next = now + .seconds(3600)
      if let nextDeadline { next = min(next, nextDeadline + Self.tolerance) }
      if let nextReport { next = min(next, nextReport) }
      state.nextRun = next
      return (reports, state.isStopped ? nil : next - now)
    }
    for (reason, count) in reports { report?(reason, count) }
    return pause
  }

  private func close(_ connection: OpenConnection, _ state: inout State, at now: ContinuousClock.Instant) {
    switch connection.phase {
    case .starting:
      count(.headerTimeout, &state, at: now)
      if sendsTimeouts { Self.sendTimeout(connection.descriptor) }
    case .answering: count(.responseTimeout, &state, at: now)
    case .idle: break
    }
    Self.shutDown(connection)
  }

  private static func shutDown(_ connection: OpenConnection) {
    if case .answering = connection.phase {
      // Reset: otherwise the kernel would keep the unread bytes for minutes.
      var reset = linger(l_onoff: 1, l_linger: 0)
      _ = unsafe setsockopt(
        connection.descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    }
    _ = shutdown(connection.descriptor, CInt(SHUT_RDWR))
  }

  private static let requestTimeout = [UInt8](
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".utf8)

  /// Sends 408 to a client that has begun a request. Others only opened a connection in advance.
  ///
  /// MHD has sent nothing to it before, and can send nothing afterwards because the socket is shut down.
  private static func sendTimeout(_ descriptor: CInt) {
    guard receivedBytes(descriptor) > 0 else { return }
    _ = unsafe requestTimeout.withUnsafeBytes {
      unsafe send(descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
    }
  }

  /// Returns the number of bytes that a client has sent (`TCP_INFO`); 0 if unknown.
  private static func receivedBytes(_ descriptor: CInt) -> UInt64 {
    // The offset of tcpi_bytes_received in the kernel's struct tcp_info, since Linux 4.1. glibc's lacks it.
    let offset = 128
    var bytes = [UInt8](repeating: 0, count: 192)
    var length = socklen_t(bytes.count)
    let status = unsafe getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_INFO, &bytes, &length)
    guard status == 0, Int(length) >= offset + 8 else { return 0 }
    return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
  }
}
