{{/* What all pods have in common. Each template takes a dict: root and component. */}}

{{- define "astrolabe.podMetadata" -}}
{{- $values := index .root.Values .component -}}
# No version of the chart: a new one that changes nothing here must restart nothing.
labels:
  {{- include "astrolabe.selectorLabels" . | nindent 2 }}
  {{- with $values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) $values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "astrolabe.podSpec" -}}
{{- $values := index .root.Values .component -}}
automountServiceAccountToken: false
{{- with $values.serviceAccountName }}
serviceAccountName: {{ . | quote }}
{{- end }}
# The variables that Kubernetes makes of Services, as INGEST_PORT=tcp://..., are errors to the process.
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $values.scheduling }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* .revisionLabel: tells the pods of one revision, so that those that an upgrade replaces do not count. */}}
{{- define "astrolabe.topologySpread" -}}
{{- $given := (index .root.Values .component).scheduling.topologySpreadConstraints -}}
topologySpreadConstraints:
{{- if kindIs "invalid" $given }}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "astrolabe.selectorLabels" $ | nindent 8 }}
    matchLabelKeys: [{{ $.revisionLabel }}]
{{- end }}
{{- else }}
  {{- toYaml $given | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "astrolabe.container" -}}
{{- $values := index .root.Values .component -}}
image: {{ include "astrolabe.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{- toYaml $values.resources | nindent 2 }}
env:
  {{- include "astrolabe.env" . | trim | nindent 2 }}
{{- end -}}

{{/* Probes name pods by their IP address, which the admin address answers without further settings. */}}
{{- define "astrolabe.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 30
livenessProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ .unreadyAfter }}
{{- end -}}

{{- define "astrolabe.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if not .isSetup }}
# The folder, not the file: a mount of one file keeps showing the first version.
- name: connectors
  mountPath: {{ include "astrolabe.connectorsFolder" . }}
  readOnly: true
{{- end }}
{{- if include "astrolabe.secretSources" . }}
# As files, for they are read again with the next connection after they changed.
- name: secrets
  mountPath: {{ include "astrolabe.secretsFolder" . }}
  readOnly: true
{{- end }}
{{- with (index .root.Values .component).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "astrolabe.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if not .isSetup }}
- name: connectors
  secret:
    secretName: {{ include "astrolabe.connectorsSecret" .root | quote }}
    defaultMode: 0440
    {{- if eq .component "mapper" }}
    # It reads no keys.
    items: [{ key: {{ .root.Values.connectors.key | quote }}, path: {{ .root.Values.connectors.key | quote }} }]
    {{- end }}
{{- end }}
{{- with include "astrolabe.secretSources" . }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- . | nindent 6 }}
{{- end }}
{{- with (index .root.Values .component).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Ten seconds beyond the process's own deadlines: one that hangs ends by itself, and says where. */}}
{{- define "astrolabe.gracePeriod" -}}
{{- $values := index .root.Values .component -}}
{{- add (default 0 $values.drainSeconds) $values.shutdownSeconds 10 -}}
{{- end -}}

{{/* Left out where something else decides: the autoscaler, or whoever set it to null. */}}
{{- define "astrolabe.replicas" -}}
{{- $values := index .root.Values .component -}}
{{- if and (not $values.autoscaling.enabled) (not (kindIs "invalid" $values.replicas)) -}}
replicas: {{ $values.replicas }}
{{- end -}}
{{- end -}}
