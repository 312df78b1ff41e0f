// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A resolved IPv4 or IPv6 address, or the path of a unix socket, as a `sockaddr`.
struct SocketAddress {
  private var storage = sockaddr_storage()
  private(set) var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  var family: CInt { CInt(storage.ss_family) }

  /// Passes the address to a socket call. The pointer is valid only during the call.
  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
    unsafe withUnsafeBytes(of: storage) { bytes in
      // A `sockaddr_storage` is large enough and aligned for every `sockaddr`, and is not empty.
      unsafe bytes.withMemoryRebound(to: sockaddr.self) { unsafe body($0.baseAddress.unsafelyUnwrapped) }
    }
  }

  /// Reads the address that a socket is bound to (`getsockname`). Returns nil and sets errno on failure.
  init?(boundTo descriptor: CInt) {
    let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    guard status == 0 else { return nil }
  }

  /// The address of a unix socket. Returns nil if the path is too long.
  init?(path: String) {
    guard path.utf8.count <= ListenAddress.longestPath else { return nil }
    storage.ss_family = sa_family_t(AF_UNIX)
    let offset = MemoryLayout<sa_family_t>.size
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      for (index, byte) in path.utf8.enumerated() { unsafe bytes[offset + index] = byte }
    }
    length = socklen_t(offset + path.utf8.count + 1)
  }

  /// The path of a unix socket; nil for other families and for a socket without a path.
  var path: String? {
    guard family == AF_UNIX else { return nil }
    let bytes = unsafe withUnsafeBytes(of: storage) { bytes in
      unsafe Array(bytes.prefix(Int(length)).dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 })
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// Copies a client's address. Returns nil if it is neither IPv4 nor IPv6.
  init?(copying client: UnsafePointer<sockaddr>) {
    let size: Int
    // By offset: the module that declares the field depends on the version of the C library.
    switch unsafe CInt(UnsafeRawPointer(client).load(as: sa_family_t.self)) {
    case AF_INET: size = MemoryLayout<sockaddr_in>.size
    case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
    default: return nil
    }
    unsafe withUnsafeMutableBytes(of: &storage) {
      unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: client, count: size))
    }
    length = socklen_t(size)
  }

  private init?(copying info: addrinfo) {
    guard let source = unsafe info.ai_addr, unsafe Int(info.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size
    else { return nil }
    unsafe withUnsafeMutableBytes(of: &storage) {
      unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(info.ai_addrlen)))
    }
    unsafe length = info.ai_addrlen
  }

  /// The port in host byte order.
  var port: UInt16 {
    // Both families have it directly after the family.
    UInt16(
      bigEndian: unsafe withUnsafeBytes(of: storage) {
        unsafe $0.load(fromByteOffset: MemoryLayout<sa_family_t>.size, as: UInt16.self)
      })
  }

  /// The numeric host (`getnameinfo`); empty if it fails.
  var numericHost: String {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = unsafe withPointer { pointer in
      unsafe getnameinfo(pointer, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    }
    guard status == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Returns whether the kernel may refuse to bind both addresses because they have the same port.
  func overlaps(_ other: SocketAddress) -> Bool {
    let hosts = [numericHost, other.numericHost]
    return port == other.port && (hosts[0] == hosts[1] || hosts.contains("::") || hosts.contains("0.0.0.0"))
  }

  /// Resolves an address to listen on (`getaddrinfo`). Returns the candidates in the order to try.
  ///
  /// An empty host is the IPv6 wildcard, then the IPv4 wildcard for a machine without IPv6. A name with an
  /// IPv4 address listens there, as Go's `net.Listen` does; otherwise `localhost` would not serve 127.0.0.1.
  /// Blocks on the network for names that are not in `/etc/hosts`.
  static func resolve(_ address: ListenAddress) throws(HTTPServerError) -> [SocketAddress] {
    let hosts = address.host.isEmpty ? ["::", "0.0.0.0"] : [address.host]
    var found: [SocketAddress] = []
    for host in hosts {
      found += try resolve(host: host, for: address)
    }
    return address.host.isEmpty ? found : ipv4First(found)
  }

  static func ipv4First(_ addresses: [SocketAddress]) -> [SocketAddress] {
    addresses.filter { $0.family == AF_INET } + addresses.filter { $0.family != AF_INET }
  }

  private static func resolve(
    host: String, for address: ListenAddress
  ) throws(HTTPServerError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var first: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, String(address.port), &hints, &first)
    guard status == 0 else {
      let errno = status == EAI_SYSTEM ? Glibc.errno : 0
      let reason = unsafe String(cString: gai_strerror(status))
      throw HTTPServerError(
        code: .cannotResolve(reason: reason), operation: "getaddrinfo", address: address, errno: errno)
    }
    defer { unsafe freeaddrinfo(first) }
    var found: [SocketAddress] = []
    var next = unsafe first
    while let info = unsafe next {
      if let one = unsafe SocketAddress(copying: info.pointee) { found.append(one) }
      unsafe next = info.pointee.ai_next
    }
    return found
  }
}
