// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The servers of Debian that the exporter is compared with.
struct Peers {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Returns the servers of Go's client libraries with about as many series, as far as they are built.
  func libraries(series: Int) -> [Server.Kind] {
    [("VictoriaMetrics' Go library", "victoriametrics"), ("client_golang", "client-golang")].map {
      Server.Kind(
        name: $0, path: Built.peers + "pidns-peer-" + $1,
        flags: ["--namespaces=\(max(1, series / 18))"], isQuiet: true)
    }.filter(\.isInstalled)
  }

  /// Returns the exporters whose number of series depends on the machine, as far as they are installed.
  func exporters() throws -> [Server.Kind] {
    let names = #"process_names: [{name: "{{.Comm}}", cmdline: [".+"]}]"#
    let configuration = try folder.write(names.utf8, to: "process-exporter.yml")
    return [
      Server.Kind(
        name: "node_exporter", path: "/usr/bin/prometheus-node-exporter", flags: [], isQuiet: true),
      Server.Kind(
        name: "process-exporter", path: "/usr/bin/prometheus-process-exporter",
        flags: ["--config.path=" + configuration], isQuiet: true),
    ].filter(\.isInstalled)
  }

  /// Returns nginx with one process, which serves these bytes; nil if it is not installed.
  func nginx(serving page: some Collection<UInt8>, tls: Certificate? = nil) throws -> Server.Kind? {
    var kind = Server.Kind(name: "nginx, the same bytes", path: "/usr/sbin/nginx", flags: [], isQuiet: true)
    guard kind.isInstalled else { return nil }
    let folder = folder.path
    kind.isTLS = tls != nil
    let file = try self.folder.write(page, to: "metrics")
    let name = tls == nil ? "nginx.conf" : "nginx-tls.conf"
    kind.listen = { port in
      let address = "127.0.0.1:\(port)" + (tls == nil ? "" : " ssl")
      let certificate = tls.map { "ssl_certificate \($0.file); ssl_certificate_key \($0.key);" } ?? ""
      let configuration = """
        daemon off; master_process off; pid \(folder)/\(name).pid; error_log /dev/null;
        events {}
        http {
          access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
          open_file_cache max=10; default_type text/plain;
          client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy;
          fastcgi_temp_path \(folder)/fastcgi; uwsgi_temp_path \(folder)/uwsgi;
          scgi_temp_path \(folder)/scgi;
          server {
            listen \(address); \(certificate)
            location = /metrics { alias \(file); }
            location /api/v1/pods {
              default_type application/json;
              if ($arg_watch) { return 200 ''; }
              return 200 '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}';
            }
          }
        }
        """
      try File.write(configuration.utf8, to: folder + "/" + name)
      return ["-p", folder, "-e", "/dev/null", "-c", folder + "/" + name]
    }
    return kind
  }

  /// Makes a certificate for 127.0.0.1.
  func certificate() throws -> Certificate {
    let certificate = Certificate(file: folder.path + "/server.crt", key: folder.path + "/server.key")
    _ = try Child.output(of: [
      "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-subj", "/CN=pidns-bench", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
      "-out", certificate.file, "-keyout", certificate.key,
    ])
    return certificate
  }

  /// Returns the flags with which an exporter serves TLS.
  func tlsFlags(_ certificate: Certificate) throws -> [String] {
    let text = "tls_server_config: {cert_file: \(certificate.file), key_file: \(certificate.key)}\n"
    return ["--web.config.file=" + (try folder.write(text.utf8, to: "web.yml"))]
  }

  /// Returns the flags with which an exporter watches the pods of an API server.
  func kubernetesFlags(port: UInt16, _ certificate: Certificate) throws -> [String] {
    let text = """
      apiVersion: v1
      kind: Config
      current-context: bench
      contexts: [{name: bench, context: {cluster: bench, user: bench}}]
      clusters: [{name: bench, cluster: {server: "https://127.0.0.1:\(port)", certificate-authority: \(certificate.file)}}]
      users: [{name: bench, user: {token: bench}}]
      """
    let file = try folder.write(text.utf8, to: "kubeconfig")
    return ["--kubernetes.kubeconfig=" + file, "--kubernetes.node=bench"]
  }
}

/// A certificate and its key, by their paths.
struct Certificate: Sendable {
  let file: String
  let key: String
}
