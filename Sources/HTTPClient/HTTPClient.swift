// SPDX-License-Identifier: Apache-2.0

import CLibCurl
package import Platform

/// Sends requests over HTTP/1.1 with libcurl and reads the responses in chunks.
///
/// Handles one request at a time on one connection, which stays open between requests. No redirects, cookies
/// or compression.
///
/// Has no thread of its own: ``send(_:headers:until:)`` and ``read(until:)`` block the caller.
@safe package struct HTTPClient: ~Copyable, @unchecked Sendable {
  // Sendable: any thread may use libcurl's handles, but only one at a time. Mutating methods of a noncopyable
  // value ensure that.
  let library: HTTPLibrary
  private let configuration: HTTPConfiguration
  private let cancellation: CancellationToken
  private let multi: UnsafeMutableRawPointer
  let easy: UnsafeMutableRawPointer
  let errorText: UnsafeMutablePointer<CChar>
  let transfer: Transfer
  private var headers: UnsafeMutablePointer<curl_slist>?
  private let connectTo: UnsafeMutablePointer<curl_slist>?
  private var isActive: Bool
  private let authority: MemoryFile?
  private let certificate: MemoryFile?
  private let key: MemoryFile?

  /// Loads libcurl unless the process has done so already. Does not connect.
  ///
  /// - Parameters:
  ///   - configuration: The settings for all requests.
  ///   - cancellation: Ends a pending call and all later ones with `cancelled`.
  /// - Throws: `noLibrary`, `noResources`.
  package init(
    _ configuration: HTTPConfiguration, cancellation: CancellationToken
  ) throws(HTTPFailure) {
    let library = try HTTPLibrary.shared
    let authority = try Self.file(configuration.authority)
    let certificate = try Self.file(configuration.identity?.certificate)
    let key = try Self.file(configuration.identity?.key)
    let functions = unsafe library.functions
    guard let multi = unsafe functions.pointee.multi_init() else {
      throw HTTPFailure(.noResources, "no memory")
    }
    guard let easy = unsafe functions.pointee.easy_init() else {
      _ = unsafe functions.pointee.multi_cleanup(multi)
      throw HTTPFailure(.noResources, "no memory")
    }
    unsafe CCURL_set_connection_limit(functions, multi, 1)
    // An empty host and port at the beginning match every URL.
    unsafe connectTo = configuration.connectTo.flatMap {
      unsafe functions.pointee.slist_append(nil, "::" + $0)
    }
    self.authority = authority
    self.certificate = certificate
    self.key = key
    transfer = Transfer()
    unsafe headers = nil
    isActive = false
    self.library = library
    self.configuration = configuration
    self.cancellation = cancellation
    unsafe self.multi = unsafe multi
    unsafe self.easy = unsafe easy
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    let functions = unsafe library.functions
    if isActive { _ = unsafe functions.pointee.multi_remove_handle(multi, easy) }
    unsafe functions.pointee.easy_cleanup(easy)
    _ = unsafe functions.pointee.multi_cleanup(multi)
    if let headers = unsafe headers { unsafe functions.pointee.slist_free_all(headers) }
    if let connectTo = unsafe connectTo { unsafe functions.pointee.slist_free_all(connectTo) }
    unsafe errorText.deallocate()
  }

  /// Sends a request and returns the status and headers of the response. Blocks until they arrive.
  ///
  /// Unread bytes of the previous response are discarded together with its connection.
  ///
  /// - Parameters:
  ///   - url: An `http` or `https` URL, in ASCII.
  ///   - headers: Lines `Name: value`, in ASCII.
  ///   - body: The body of a POST; nil sends a GET.
  ///   - deadline: The time limit of this call.
  /// - Throws: Every kind of `HTTPFailure`.
  package mutating func send(
    _ url: String, headers lines: [String], body: [UInt8]? = nil, until deadline: ContinuousClock.Instant
  ) throws(HTTPFailure) -> HTTPResponse {
    stop()
    transfer.begin()
    try prepare(url, lines, body)
    guard unsafe library.functions.pointee.multi_add_handle(multi, easy) == CURLM_OK else {
      throw HTTPFailure(.noResources, "libcurl cannot start the request")
    }
    isActive = true
    try drive(until: deadline) { $0.head != nil }
    guard let head = transfer.head else { throw HTTPFailure(.malformed, "a response without a head") }
    return head
  }

  /// Returns the next bytes of the body, as many as are available; an empty array at the end. Blocks if none
  /// are available.
  ///
  /// - Throws: The failure that ended the response early.
  package mutating func read(until deadline: ContinuousClock.Instant) throws(HTTPFailure) -> [UInt8] {
    try drive(until: deadline) { $0.hasBody }
    return transfer.drainBody()
  }

  // MARK: libcurl

  /// Runs libcurl until `isThere` returns true or the response ends.
  private mutating func drive(
    until deadline: ContinuousClock.Instant, _ isThere: (Transfer) -> Bool
  ) throws(HTTPFailure) {
    let functions = unsafe library.functions
    while !isThere(transfer) {
      if let result = transfer.result {
        if result == CURLE_OK { return }
        throw failure(result)
      }
      if cancellation.isCancelled { throw HTTPFailure(.cancelled) }
      guard isActive else { return }
      var running: Int32 = 0
      guard unsafe functions.pointee.multi_perform(multi, &running) == CURLM_OK else {
        throw HTTPFailure(.noResources, "libcurl cannot continue")
      }
      var result = CURLE_OK
      if unsafe CCURL_take_result(functions, multi, &result) {
        transfer.result = result
        stop()
        continue
      }
      if isThere(transfer) { return }
      let left = deadline - .now
      guard left > .zero else { throw HTTPFailure(.timeout) }
      var waited = curl_waitfd(fd: cancellation.descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
      let milliseconds = Int32(clamping: Int((left / .milliseconds(1)).rounded(.up)))
      _ = unsafe functions.pointee.multi_poll(
        multi, &waited, cancellation.descriptor < 0 ? 0 : 1, milliseconds, nil)
    }
  }

  /// Ends the transfer. The connection stays open if the response was read completely.
  private mutating func stop() {
    guard isActive else { return }
    _ = unsafe library.functions.pointee.multi_remove_handle(multi, easy)
    isActive = false
  }

  private mutating func prepare(
    _ url: String, _ lines: [String], _ body: [UInt8]?
  ) throws(HTTPFailure) {
    let functions = unsafe library.functions
    unsafe functions.pointee.easy_reset(easy)
    unsafe errorText[0] = 0
    if let headers = unsafe headers { unsafe functions.pointee.slist_free_all(headers) }
    unsafe headers = nil
    for line in lines { unsafe headers = unsafe functions.pointee.slist_append(headers, line) }

    var settings = unsafe Settings(functions, easy)
    unsafe settings.check(CCURL_set_error_buffer(functions, easy, errorText))
    unsafe settings.check(
      CCURL_set_callbacks(
        functions, easy, Transfer.headerCallback, Transfer.bodyCallback,
        Unmanaged.passUnretained(transfer).toOpaque()))
    unsafe settings.check(CCURL_set_list(functions, easy, CURLOPT_HTTPHEADER, headers))
    settings.set(CURLOPT_URL, url)
    if let body { unsafe settings.check(CCURL_set_body(functions, easy, body, body.count)) }
    // A bit mask. URLs of other schemes could read local files.
    settings.set(CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP) | Int(CURLPROTO_HTTPS))
    settings.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    settings.set(CURLOPT_FOLLOWLOCATION, 0)
    // No signal handlers: the threads have their signals blocked.
    settings.set(CURLOPT_NOSIGNAL, 1)
    settings.set(
      CURLOPT_CONNECTTIMEOUT_MS, Int(Int32(clamping: Int(configuration.connectTimeout / .milliseconds(1)))))
    settings.set(CURLOPT_TCP_KEEPALIVE, 1)
    // The proxy's response to CONNECT must not appear in the response.
    settings.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    // Does not wait for a resolver thread when the request ends. Since libcurl 7.87.
    settings.attempt(CURLOPT_QUICK_EXIT, 1)
    if let connectTo = unsafe connectTo {
      unsafe settings.check(CCURL_set_list(functions, easy, CURLOPT_CONNECT_TO, connectTo))
    }
    settings.set(CURLOPT_UNIX_SOCKET_PATH, configuration.unixSocket)
    setProxy(url, &settings)
    setTrust(&settings)
    if let failed = settings.failed { throw failed }
  }

  private func setProxy(_ url: String, _ settings: inout Settings) {
    switch configuration.proxy {
    case .url(let proxy):
      settings.set(CURLOPT_PROXY, proxy)
      // NO_PROXY applies only to the proxies of the environment.
      settings.set(CURLOPT_NOPROXY, "")
    case .environment:
      if configuration.unixSocket != nil || Self.isLoopback(url) { settings.set(CURLOPT_PROXY, "") }
    }
  }

  private func setTrust(_ settings: inout Settings) {
    settings.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    settings.set(CURLOPT_SSL_VERIFYPEER, configuration.verifiesServer ? 1 : 0)
    settings.set(CURLOPT_SSL_VERIFYHOST, configuration.verifiesServer ? 2 : 0)
    if let path = authority?.path {
      settings.set(CURLOPT_CAINFO, path)
      // Otherwise libcurl would also trust the system's certificates.
      settings.set(CURLOPT_CAPATH, nil)
    }
    if let certificate = certificate?.path, let key = key?.path {
      settings.set(CURLOPT_SSLCERT, certificate)
      settings.set(CURLOPT_SSLKEY, key)
    }
  }
}
