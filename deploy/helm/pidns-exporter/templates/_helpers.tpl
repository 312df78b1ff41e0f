{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "pidns-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "pidns-exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "pidns-exporter.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "pidns-exporter.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "pidns-exporter.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- /* The only way in which this chart writes labels and annotations: one map out of a list of maps. Each key is written once; of two
values the later one counts, and null removes a key. */ -}}
{{- define "pidns-exporter.merge" -}}
{{- $merged := dict }}
{{- range . }}
{{- range $key, $value := . }}
{{- if kindIs "invalid" $value }}
{{- $_ := unset $merged $key }}
{{- else }}
{{- $_ := set $merged $key (toString $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $merged }}
{{- end }}

{{- define "pidns-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pidns-exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- /* The labels of an object. The argument is a list: the root, then maps of more labels. A user's label replaces one of ours, but not
one that selectors match. Labels may hold templates. */ -}}
{{- define "pidns-exporter.labels" -}}
{{- $root := first . }}
{{- $ours := dict
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/component" "exporter"
  "app.kubernetes.io/version" ($root.Chart.AppVersion | replace "+" "_" | trunc 63)
  "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $selected := include "pidns-exporter.selectorLabels" $root | fromYaml }}
{{- tpl (include "pidns-exporter.merge" (concat (list $ours $root.Values.commonLabels) (rest .) (list $selected))) $root }}
{{- end }}

{{- define "pidns-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "pidns-exporter.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "pidns-exporter.registry" -}}
{{- default .Values.image.registry (.Values.global).imageRegistry }}
{{- end }}

{{- define "pidns-exporter.image" -}}
{{- with include "pidns-exporter.registry" . }}{{ . }}/{{ end }}{{ .Values.image.repository }}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end }}

{{- /* Both forms that charts use: names, and maps with a name. */ -}}
{{- define "pidns-exporter.imagePullSecrets" -}}
{{- $secrets := list }}
{{- range concat (default list (.Values.global).imagePullSecrets) (default list .Values.imagePullSecrets) }}
{{- $secrets = append $secrets (kindIs "map" . | ternary . (dict "name" .)) }}
{{- end }}
{{- with $secrets | uniq }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- /* A list of variables, by name. A map holds the fields of a variable beside its name; anything else is its value. */ -}}
{{- define "pidns-exporter.env" -}}
{{- $env := dict "NODE_NAME" (dict "valueFrom" (dict "fieldRef" (dict "fieldPath" "spec.nodeName"))) }}
{{- range $name, $value := .Values.env }}
{{- $_ := set $env $name (kindIs "map" $value | ternary $value (dict "value" (toString $value))) }}
{{- end }}
{{- range $name, $rest := $env }}
- name: {{ $name }}
  {{- toYaml $rest | nindent 2 }}
{{- end }}
{{- end }}

{{- define "pidns-exporter.monitored" -}}
{{- if or .Values.prometheus.podMonitor.enabled .Values.prometheus.monitor.enabled }}true{{ end }}
{{- end }}
