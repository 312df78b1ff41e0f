// SPDX-License-Identifier: Apache-2.0

import MetricsHTTP
import Platform
import ServerTLS
import Synchronization
import WebConfig

/// Compares passwords with bcrypt hashes, one at a time on its own thread, and remembers correct ones.
///
/// A comparison is expensive by design, and a client with wrong passwords must not delay others. So correct passwords
/// are recognised again without a comparison. Wrong ones are never remembered.
final class PasswordChecker: Sendable {
  /// The thread of the comparisons. Few requests of each address may wait, so that an address cannot fill the queue;
  /// more than one, because several jobs of a Prometheus may begin at once.
  let thread = AnswerThread(limit: 32, limitPerAddress: 4)

  /// Does the comparison.
  typealias Comparison = @Sendable (_ password: [UInt8], _ hash: String) -> Bool

  /// The correct passwords that are remembered; the oldest is removed first.
  static let limit = 128

  private struct Known {
    var values: Set<[UInt8]> = []
    var order: [[UInt8]] = []
  }

  private let hash = KeyedHash()
  private let known = Mutex(Known())
  private let comparison: Comparison

  init(comparison: @escaping Comparison = { CryptLibrary.shared?.matches($0, hash: $1) ?? false }) {
    self.comparison = comparison
  }

  /// Returns whether this password was correct for this hash before. Needs microseconds.
  func isKnown(_ credentials: BasicCredentials, in policy: WebPolicy) -> Bool {
    let right = policy.configuration.users[credentials.user]
    // As in `check`: the same work for a user that does not exist.
    guard let compared = right ?? decoy(for: credentials.user, among: policy.hashes) else { return false }
    let value = value(credentials, compared)
    let isKnown = known.withLock { $0.values.contains(value) }
    return isKnown && right != nil
  }

  /// Compares a password. Blocks for as long as the hash demands, also for a user that does not exist.
  ///
  /// - Returns: Whether the user exists and the password is correct.
  func check(_ credentials: BasicCredentials, in policy: WebPolicy) -> Bool {
    let right = policy.configuration.users[credentials.user]
    // An unknown user always gets the same other hash, so that the comparison takes as long as for a known user.
    guard let compared = right ?? decoy(for: credentials.user, among: policy.hashes) else { return false }
    let isEqual = comparison(credentials.password, compared.text)
    guard isEqual, let right else { return false }
    let value = value(credentials, right)
    known.withLock { known in
      guard known.values.insert(value).inserted else { return }
      known.order.append(value)
      if known.order.count > Self.limit { known.values.remove(known.order.removeFirst()) }
    }
    return true
  }

  private func decoy(for user: String, among hashes: [BcryptHash]) -> BcryptHash? {
    hashes.isEmpty ? nil : hashes[Int(hash(Array(user.utf8))[0]) % hashes.count]
  }

  private func value(_ credentials: BasicCredentials, _ right: BcryptHash) -> [UInt8] {
    hash(Array(credentials.user.utf8), Array(right.text.utf8), credentials.password)
  }
}
