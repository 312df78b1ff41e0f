{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "pidns-exporter.tlsSecretName" -}}
{{- default (printf "%s-tls" (include "pidns-exporter.fullname" .)) .Values.tlsSecret.secretName }}
{{- end }}

{{- define "pidns-exporter.scraperName" -}}
{{- printf "%s-scraper" (include "pidns-exporter.fullname" .) }}
{{- end }}

{{- /* The file of --web.config.file; empty without one. The user's keys replace the chart's. */ -}}
{{- define "pidns-exporter.webConfig" -}}
{{- $config := dict }}
{{- with .Values.tlsSecret }}
{{- if .enabled }}
{{- $folder := "/etc/pidns-exporter/tls" }}
{{- $tls := dict "cert_file" (printf "%s/%s" $folder .certItem) "key_file" (printf "%s/%s" $folder .keyItem) }}
{{- with .caItem }}
{{- $_ := set $tls "client_ca_file" (printf "%s/%s" $folder .) }}
{{- $_ := set $tls "client_auth_type" "RequireAndVerifyClientCert" }}
{{- end }}
{{- $_ := set $config "tls_server_config" $tls }}
{{- end }}
{{- end }}
{{- with mergeOverwrite $config (deepCopy (default dict .Values.webConfig)) }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- define "pidns-exporter.webVolumes" -}}
{{- $volumes := list }}
{{- if include "pidns-exporter.webConfig" . }}
{{- $volumes = append $volumes (dict "name" "pidns-exporter-web-config" "secret" (dict "secretName" (printf "%s-web-config" (include "pidns-exporter.fullname" .)) "defaultMode" 256)) }}
{{- end }}
{{- if .Values.tlsSecret.enabled }}
{{- $volumes = append $volumes (dict "name" "pidns-exporter-tls" "secret" (dict "secretName" (include "pidns-exporter.tlsSecretName" .) "defaultMode" 256)) }}
{{- end }}
{{- toYaml $volumes }}
{{- end }}

{{- define "pidns-exporter.webMounts" -}}
{{- $mounts := list }}
{{- if include "pidns-exporter.webConfig" . }}
{{- $mounts = append $mounts (dict "name" "pidns-exporter-web-config" "mountPath" "/etc/pidns-exporter/web" "readOnly" true) }}
{{- end }}
{{- if .Values.tlsSecret.enabled }}
{{- $mounts = append $mounts (dict "name" "pidns-exporter-tls" "mountPath" "/etc/pidns-exporter/tls" "readOnly" true) }}
{{- end }}
{{- toYaml $mounts }}
{{- end }}

{{- /* A probe of the exporter's port over HTTPS. Probes of other ports stay as they are. The argument is a list: the root, the probe. */ -}}
{{- define "pidns-exporter.probe" -}}
{{- $tls := (first .).Values.tlsSecret }}
{{- $probe := deepCopy (last .) }}
{{- with $probe.httpGet }}
{{- if and $tls.enabled (eq (toString .port) "metrics") }}
{{- $_ := set . "scheme" (default "HTTPS" .scheme) }}
{{- end }}
{{- end }}
{{- toYaml $probe }}
{{- end }}

{{- /* A monitor's values with what it needs for TLS and tokens. The argument is a list: the root, the monitor's values. */ -}}
{{- define "pidns-exporter.secureMonitor" -}}
{{- $root := first . }}
{{- $monitor := deepCopy (last .) }}
{{- $tls := $root.Values.tlsSecret }}
{{- $isElsewhere := and $monitor.namespace (ne $monitor.namespace (include "pidns-exporter.namespace" $root)) }}
{{- if not $monitor.scheme }}
{{- $_ := set $monitor "scheme" ($tls.enabled | ternary "https" "http") }}
{{- end }}
{{- if and $tls.enabled (eq $monitor.scheme "https") (not $monitor.tlsConfig) }}
{{- if $tls.caItem }}
{{- fail "tlsSecret.caItem is set, and the monitor has no tlsConfig: Prometheus needs a certificate. Set tlsConfig with ca, cert, keySecret and serverName" }}
{{- end }}
{{- if $isElsewhere }}
{{- fail "tlsSecret.enabled is true, and the monitor is in another namespace, where it cannot read that Secret. Set its tlsConfig" }}
{{- end }}
{{- $ca := dict "secret" (dict "name" (include "pidns-exporter.tlsSecretName" $root) "key" "ca.crt") }}
{{- $_ := set $monitor "tlsConfig" (dict "serverName" (include "pidns-exporter.fullname" $root) "ca" $ca) }}
{{- end }}
{{- if and (include "pidns-exporter.scraper" $root) (not $monitor.authorization) (not $monitor.oauth2) (not $monitor.basicAuth) }}
{{- if $isElsewhere }}
{{- fail "kubernetesAuth.enabled is true, and the monitor is in another namespace, where it cannot read the scraper's token. Set its authorization" }}
{{- end }}
{{- $_ := set $monitor "authorization" (dict "credentials" (dict "name" (include "pidns-exporter.scraperName" $root) "key" "token")) }}
{{- end }}
{{- toYaml $monitor }}
{{- end }}

{{- define "pidns-exporter.scraper" -}}
{{- if and .Values.kubernetesAuth.enabled .Values.kubernetesAuth.scraper.create .Values.rbac.create }}true{{ end }}
{{- end }}
