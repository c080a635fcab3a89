{{- define "astrolabe.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The dispatcher's pods have a label with this name, "-dispatcher" and a hash of ten: 63 characters in all. */}}
{{- define "astrolabe.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "astrolabe.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/*
The templates below take a dict: root, the chart's own "."; component, "ingest" for example.
*/}}
{{- define "astrolabe.componentName" -}}
{{ include "astrolabe.fullname" .root }}-{{ .component }}
{{- end -}}

{{- define "astrolabe.selectorLabels" -}}
app.kubernetes.io/name: {{ include "astrolabe.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "astrolabe.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | quote }}
{{ include "astrolabe.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
app.kubernetes.io/part-of: astrolabe
{{- end -}}

{{- define "astrolabe.image" -}}
{{- $image := (index .root.Values .component).image -}}
{{- $repository := $image.repository -}}
{{- with .root.Values.image.registry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .root.Chart.AppVersion .root.Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "astrolabe.connectorsSecret" -}}
{{- default (printf "%s-connectors" (include "astrolabe.fullname" .)) .Values.connectors.existingSecret -}}
{{- end -}}
