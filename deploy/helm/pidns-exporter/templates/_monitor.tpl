{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- /* The common part of the specs of a PodMonitor and a ServiceMonitor. The argument is a list: the root, the monitor's values. */ -}}
{{- define "pidns-exporter.monitorSpec" -}}
{{- $root := first . }}
{{- $monitor := last . }}
jobLabel: {{ default "app.kubernetes.io/name" $monitor.jobLabel | quote }}
selector:
  matchLabels:
    {{- include "pidns-exporter.selectorLabels" $root | nindent 4 }}
namespaceSelector:
  matchNames:
    - {{ include "pidns-exporter.namespace" $root | quote }}
{{- with $monitor.podTargetLabels }}
podTargetLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $monitor.attachMetadata.node }}
attachMetadata:
  node: true
{{- end }}
{{- range $limit := list "sampleLimit" "targetLimit" "labelLimit" "labelNameLengthLimit" "labelValueLengthLimit" }}
{{- with int64 (get $monitor $limit) }}
{{ $limit }}: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What their endpoints share. The argument is a list: the root, the monitor's values, and which labels of the target to drop: those
that name the exporter's own pod. */ -}}
{{- define "pidns-exporter.endpoint" -}}
{{- $root := index . 0 }}
{{- $monitor := index . 1 }}
path: {{ $monitor.path }}
scheme: {{ $monitor.scheme }}
{{- /* namespace, pod and container are those of the container that was counted. */}}
honorLabels: true
{{- range $field := list "interval" "scrapeTimeout" "proxyUrl" "tlsConfig" "basicAuth" "authorization" "oauth2" }}
{{- with get $monitor $field }}
{{- dict $field . | toYaml | nindent 0 }}
{{- end }}
{{- end }}
relabelings:
  - action: replace
    sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: node
  - action: replace
    sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: instance
  - action: labeldrop
    regex: {{ index . 2 }}
  {{- with $monitor.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Which targets are exporters. A monitor's job is the label that jobLabel names; only the default one is known here. */ -}}
{{- define "pidns-exporter.targetSelector" -}}
{{- $monitor := .Values.prometheus.podMonitor.enabled | ternary .Values.prometheus.podMonitor .Values.prometheus.monitor }}
{{- if .Values.prometheus.rules.targetSelector -}}
{{- .Values.prometheus.rules.targetSelector }}
{{- else if and $monitor.enabled (not $monitor.jobLabel) -}}
{{- printf "job=%q" (include "pidns-exporter.name" .) }}
{{- else -}}
job=~".*pidns.*"
{{- end }}
{{- end }}
