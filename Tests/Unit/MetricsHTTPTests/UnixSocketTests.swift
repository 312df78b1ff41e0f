// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Platform
import Testing

@testable import MetricsHTTP

extension ServerTests {
  /// Unix sockets, and sockets that another program has opened.
  @Suite struct UnixSocketTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "pidns-socket-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(at: folder) }
      try body(folder.path())
    }

    private func address(_ path: String) throws -> ListenAddress {
      try #require(ListenAddress("unix:\(path)"))
    }

    private func get(_ path: String) throws -> String {
      let curl = Process()
      let output = Pipe()
      curl.executableURL = URL(filePath: "/usr/bin/curl")
      curl.arguments = ["--silent", "--unix-socket", path, "http://localhost/metrics"]
      curl.standardOutput = output
      try curl.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      curl.waitUntilExit()
      return text
    }

    private func permissions(_ path: String) -> mode_t? {
      var status = stat()
      return unsafe lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    @Test("A unix socket is served with its permissions, and removed with the server")
    func served() throws {
      try withFolder { folder in
        let path = "\(folder)/metrics.sock"
        let owner = try #require(FileOwner("\(getuid()):\(getgid())"))
        let server = try HTTPServer(
          addresses: [address(path), #require(ListenAddress("127.0.0.1:0"))],
          access: SocketAccess(mode: 0o606, owner: owner), routes: metrics("up 1\n"))
        #expect(server.boundAddresses[0].description == "unix:\(path)")
        #expect(try get(path) == "up 1\n")
        #expect(
          try RawClient(port: server.boundAddresses[1].port).exchange("GET", "/metrics").text == "up 1\n")
        #expect(permissions(path) == 0o606)
        server.close()
        #expect(permissions(path) == nil)
      }
    }

    @Test("The socket of a process that was killed is replaced, that of a running one is not")
    func stale() throws {
      try withFolder { folder in
        let path = "\(folder)/metrics.sock"
        let (descriptor, file) = try SocketFile.listen(path, SocketAccess(), for: address(path))
        let error = #expect(throws: HTTPServerError.self) {
          _ = try HTTPServer(addresses: [address(path)], routes: metrics("up 1\n"))
        }
        #expect(error?.code == .addressInUse)
        close(descriptor)
        let server = try HTTPServer(addresses: [address(path)], routes: metrics("up 1\n"))
        // The file of the first socket is another one.
        withExtendedLifetime(file) {}
        #expect(try get(path) == "up 1\n")
        server.close()
      }
    }

    @Test("Another file, a missing folder and the same path twice are refused in one line")
    func refused() throws {
      try withFolder { folder in
        let path = "\(folder)/file"
        try "text".write(toFile: path, atomically: false, encoding: .utf8)
        func error(_ paths: String...) throws -> HTTPServerError {
          let addresses = try paths.map { try address($0) }
          return try #require(
            throws: HTTPServerError.self,
            performing: { _ = try HTTPServer(addresses: addresses, routes: metrics("up 1\n")) })
        }
        #expect(
          try error(path).description
            == "cannot listen on unix:\(path): another file is there, which is not a socket; remove the file or choose another --web.listen-address"
        )
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "text")
        #expect(try error("\(folder)/no/socket").description.contains("check that the folder exists"))
        let twice = "\(folder)/socket"
        #expect(try error(twice, twice).code == .addressesOverlap(with: address(twice)))
        #expect(permissions(twice) == nil)
      }
    }

    @Test("Sockets that listen already are served, and a unix socket among them stays")
    func inherited() throws {
      try withFolder { folder in
        let path = "\(folder)/metrics.sock"
        let (descriptor, file) = try SocketFile.listen(path, SocketAccess(), for: address(path))
        #expect(SystemdSockets.isListening(descriptor))
        #expect(!SystemdSockets.isListening(0))
        let server = try HTTPServer(addresses: [], inherited: [descriptor], routes: metrics("up 1\n"))
        #expect(server.boundAddresses == [try address(path)])
        #expect(try get(path) == "up 1\n")
        server.close()
        #expect(permissions(path) == 0o660)
        withExtendedLifetime(file) {}
      }
    }

    @Test("The paths of unix sockets are absolute, and not too long")
    func paths() throws {
      #expect(ListenAddress("unix:/run/a.sock")?.description == "unix:/run/a.sock")
      let longest = "/" + String(repeating: "a", count: 106)
      #expect(ListenAddress("unix:\(longest)") != nil)
      for text in ["unix:", "unix:a", "unix:/", "unix:/a/", "unix:/a\0b", "unix:\(longest)a"] {
        #expect(ListenAddress(text) == nil, "\(text)")
      }
    }
  }
}
