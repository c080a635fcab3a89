{{/*
Environment of each process, as a map from variable to value, or to what Kubernetes calls valueFrom. test/chart reads
the names below: a line that sets a variable starts with its name.
*/}}

{{/* kafka, with what the component has of its own; setup is the operator's, with what it has of its own. */}}
{{- define "astrolabe.kafka" -}}
{{- $kafka := mergeOverwrite (deepCopy .root.Values.kafka) (deepCopy (index .root.Values .component).kafka) -}}
{{- if .isSetup -}}
{{- $kafka = mergeOverwrite $kafka (deepCopy .root.Values.setup.kafka) -}}
{{- end -}}
{{- toYaml $kafka -}}
{{- end -}}

{{- define "astrolabe.environment.kafka" -}}
{{- $kafka := include "astrolabe.kafka" . | fromYaml -}}
KAFKA_BROKERS: {{ join "," $kafka.brokers | quote }}
{{- with $kafka.topicPrefix }}
KAFKA_TOPIC_PREFIX: {{ . | quote }}
{{- end }}
KAFKA_SSL: {{ $kafka.tls.enabled | quote }}
{{- $folder := include "astrolabe.secretsFolder" . }}
{{- if $kafka.tls.enabled }}
{{- if include "astrolabe.hasCa" $kafka.tls }}
KAFKA_SSL_CA_FILE: {{ $folder }}/kafka/ca.crt
{{- end }}
{{- if $kafka.tls.clientCertificate.existingSecret }}
KAFKA_SSL_CERT_FILE: {{ $folder }}/kafka/tls.crt
KAFKA_SSL_KEY_FILE: {{ $folder }}/kafka/tls.key
{{- if $kafka.tls.clientCertificate.passphraseKey }}
KAFKA_SSL_KEY_PASSPHRASE_FILE: {{ $folder }}/kafka/passphrase
{{- end }}
{{- end }}
{{- with $kafka.tls.serverName }}
KAFKA_SSL_SERVER_NAME: {{ . | quote }}
{{- end }}
{{- end }}
{{- $sasl := $kafka.sasl }}
{{- if $sasl.mechanism }}
KAFKA_SASL_MECHANISM: {{ $sasl.mechanism | quote }}
{{- end }}
{{- if has $sasl.mechanism (list "plain" "scram-sha-256" "scram-sha-512") }}
{{- if $sasl.username }}
KAFKA_SASL_USERNAME: {{ $sasl.username | quote }}
{{- else }}
KAFKA_SASL_USERNAME: {{ include "astrolabe.secretKey" (list $sasl.existingSecret $sasl.usernameKey) }}
{{- end }}
KAFKA_SASL_PASSWORD_FILE: {{ $folder }}/kafka/password
{{- end }}
{{- if eq $sasl.mechanism "oauthbearer" }}
KAFKA_SASL_OAUTH_TOKEN_URL: {{ $sasl.oauth.tokenUrl | quote }}
KAFKA_SASL_OAUTH_CLIENT_ID: {{ $sasl.oauth.clientId | quote }}
KAFKA_SASL_OAUTH_CLIENT_SECRET_FILE: {{ $folder }}/kafka/client-secret
{{- with $sasl.oauth.scope }}
KAFKA_SASL_OAUTH_SCOPE: {{ . | quote }}
{{- end }}
{{- with $sasl.oauth.audience }}
KAFKA_SASL_OAUTH_AUDIENCE: {{ . | quote }}
{{- end }}
{{- with $sasl.oauth.extensions }}
KAFKA_SASL_OAUTH_EXTENSIONS: {{ include "astrolabe.pairs" . | quote }}
{{- end }}
{{- if include "astrolabe.hasCa" $sasl.oauth }}
KAFKA_SASL_OAUTH_CA_FILE: {{ $folder }}/kafka/oauth-ca.crt
{{- end }}
{{- end }}
{{- if eq $sasl.mechanism "aws-msk-iam" }}
KAFKA_SASL_AWS_REGION: {{ $sasl.awsRegion | quote }}
{{- end }}
{{- end -}}

{{- define "astrolabe.environment.registry" -}}
{{- $registry := .root.Values.registry -}}
SCHEMA_REGISTRY_URL: {{ $registry.url | quote }}
{{- if $registry.existingSecret }}
SCHEMA_REGISTRY_USERNAME: {{ include "astrolabe.secretKey" (list $registry.existingSecret $registry.usernameKey) }}
SCHEMA_REGISTRY_PASSWORD_FILE: {{ include "astrolabe.secretsFolder" . }}/registry/password
{{- end }}
{{- $folder := include "astrolabe.secretsFolder" . }}
{{- if include "astrolabe.hasCa" $registry.tls }}
SCHEMA_REGISTRY_SSL_CA_FILE: {{ $folder }}/registry/ca.crt
{{- end }}
{{- if $registry.tls.clientCertificate.existingSecret }}
SCHEMA_REGISTRY_SSL_CERT_FILE: {{ $folder }}/registry/tls.crt
SCHEMA_REGISTRY_SSL_KEY_FILE: {{ $folder }}/registry/tls.key
{{- if $registry.tls.clientCertificate.passphraseKey }}
SCHEMA_REGISTRY_SSL_KEY_PASSPHRASE_FILE: {{ $folder }}/registry/passphrase
{{- end }}
{{- end }}
{{- with $registry.tls.serverName }}
SCHEMA_REGISTRY_SSL_SERVER_NAME: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "astrolabe.environment.api" -}}
{{- $api := .root.Values.api -}}
{{- $folder := include "astrolabe.secretsFolder" . -}}
DISPATCHER_API_URL: {{ $api.url | quote }}
{{- if include "astrolabe.hasCa" $api.tls }}
DISPATCHER_API_SSL_CA_FILE: {{ $folder }}/api/ca.crt
{{- end }}
{{- if $api.tls.clientCertificate.existingSecret }}
DISPATCHER_API_SSL_CERT_FILE: {{ $folder }}/api/tls.crt
DISPATCHER_API_SSL_KEY_FILE: {{ $folder }}/api/tls.key
{{- if $api.tls.clientCertificate.passphraseKey }}
DISPATCHER_API_SSL_KEY_PASSPHRASE_FILE: {{ $folder }}/api/passphrase
{{- end }}
{{- end }}
{{- with $api.tls.serverName }}
DISPATCHER_API_SSL_SERVER_NAME: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Of the services and the console. */}}
{{- define "astrolabe.environment.process" -}}
LOG_LEVEL: {{ .root.Values.logLevel | quote }}
ADMIN_HOST: {{ .root.Values.listenAddress | quote }}
ADMIN_PORT: {{ include "astrolabe.adminPort" . | quote }}
SHUTDOWN_TIMEOUT_MS: {{ mul (index .root.Values .component).shutdownSeconds 1000 | quote }}
CONNECTORS_FILE: {{ include "astrolabe.connectorsFile" . | quote }}
{{- end -}}

{{/* A container that starts again in its pod takes its partitions back at once, in a Deployment too. */}}
{{- define "astrolabe.environment.consumer" -}}
KAFKA_GROUP_INSTANCE_ID: { fieldRef: { fieldPath: metadata.name } }
{{- end -}}

{{- define "astrolabe.environment.ingest" -}}
{{ include "astrolabe.environment.process" . }}
{{ include "astrolabe.environment.kafka" . }}
{{- $ingest := .root.Values.ingest }}
INGEST_HOST: {{ .root.Values.listenAddress | quote }}
INGEST_PORT: {{ include "astrolabe.ingestPort" . | quote }}
INGEST_DRAIN_MS: {{ mul $ingest.drainSeconds 1000 | quote }}
INGEST_INSTANCES: {{ include "astrolabe.ingestInstances" $ingest | quote }}
INGEST_TRUSTED_PROXIES: {{ include "astrolabe.trustedProxies" (dict "given" $ingest.trustedProxies "ingress" .root.Values.ingress) | quote }}
{{- with $ingest.publicUrl }}
INGEST_PUBLIC_URL: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "astrolabe.environment.mapper" -}}
{{ include "astrolabe.environment.process" . }}
{{ include "astrolabe.environment.kafka" . }}
{{ include "astrolabe.environment.consumer" . }}
{{ include "astrolabe.environment.registry" . }}
{{- end -}}

{{- define "astrolabe.environment.dispatcher" -}}
{{ include "astrolabe.environment.process" . }}
{{ include "astrolabe.environment.kafka" . }}
{{ include "astrolabe.environment.consumer" . }}
{{ include "astrolabe.environment.registry" . }}
{{ include "astrolabe.environment.api" . }}
DISPATCHER_LEDGER_DIRECTORY: {{ printf "%s/ledger" (include "astrolabe.dataFolder" .) | quote }}
{{- end -}}

{{- define "astrolabe.environment.operator" -}}
{{ include "astrolabe.environment.kafka" . }}
{{ include "astrolabe.environment.registry" . }}
KAFKA_PARTITIONS: {{ .root.Values.kafka.partitions | quote }}
KAFKA_REPLICATION_FACTOR: {{ .root.Values.kafka.replicationFactor | quote }}
{{- if not .isSetup }}
CONNECTORS_FILE: {{ include "astrolabe.connectorsFile" . | quote }}
{{ include "astrolabe.environment.api" . }}
{{- end }}
{{- end -}}

{{- define "astrolabe.environment.console" -}}
{{ include "astrolabe.environment.process" . }}
{{ include "astrolabe.environment.kafka" . }}
{{ include "astrolabe.environment.registry" . }}
{{ include "astrolabe.environment.api" . }}
{{- $console := .root.Values.console }}
KAFKA_PARTITIONS: {{ .root.Values.kafka.partitions | quote }}
KAFKA_REPLICATION_FACTOR: {{ .root.Values.kafka.replicationFactor | quote }}
CONSOLE_SERVICE_URLS: {{ include "astrolabe.adminUrls" .root | quote }}
CONSOLE_HOST: {{ include "astrolabe.consoleHost" .root | quote }}
CONSOLE_PORT: {{ include "astrolabe.consolePort" . | quote }}
CONSOLE_TRUSTED_PROXIES: {{ include "astrolabe.trustedProxies" (dict "given" $console.trustedProxies "ingress" $console.ingress) | quote }}
CONSOLE_LOGIN: {{ $console.login | quote }}
CONSOLE_SESSION_MINUTES: {{ $console.sessionMinutes | quote }}
CONSOLE_ROLES: {{ join "," $console.roles | quote }}
CONSOLE_READ_ONLY: {{ $console.readOnly | quote }}
{{- with $console.basePath }}
CONSOLE_BASE_PATH: {{ . | quote }}
{{- end }}
{{- with $console.allowedHosts }}
CONSOLE_ALLOWED_HOSTS: {{ join "," . | quote }}
{{- end }}
{{- with $console.disabledActions }}
CONSOLE_DISABLED_ACTIONS: {{ join "," . | quote }}
{{- end }}
{{- with $console.maskPaths }}
CONSOLE_MASK_PATHS: {{ join "," . | quote }}
{{- end }}
{{- with include "astrolabe.consoleIngestUrl" .root }}
CONSOLE_INGEST_URL: {{ . | quote }}
{{- end }}
{{- $folder := include "astrolabe.secretsFolder" . }}
{{- if ne $console.login "none" }}
CONSOLE_PUBLIC_URL: {{ $console.publicUrl | quote }}
CONSOLE_SESSION_SECRET_FILE: {{ $folder }}/console/session-secret
{{- end }}
{{- if eq $console.login "basic" }}
CONSOLE_USERS_FILE: {{ $folder }}/console/users
{{- end }}
{{- if eq $console.login "oidc" }}
CONSOLE_OIDC_ISSUER: {{ $console.oidc.issuer | quote }}
CONSOLE_OIDC_CLIENT_ID: {{ $console.oidc.clientId | quote }}
CONSOLE_OIDC_SCOPES: {{ $console.oidc.scopes | quote }}
CONSOLE_OIDC_NAME_CLAIM: {{ $console.oidc.nameClaim | quote }}
{{- if $console.oidc.clientSecretKey }}
CONSOLE_OIDC_CLIENT_SECRET_FILE: {{ $folder }}/console/client-secret
{{- end }}
{{- end }}
{{- end -}}

{{/* name=value,name=value */}}
{{- define "astrolabe.pairs" -}}
{{- $pairs := list -}}
{{- range $name, $value := . -}}
{{- $pairs = append $pairs (printf "%s=%s" $name $value) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end -}}

{{- define "astrolabe.hasCa" -}}
{{- if or .ca.existingSecret .ca.existingConfigMap }}yes{{ end -}}
{{- end -}}

{{- define "astrolabe.secretKey" -}}
{ secretKeyRef: { name: {{ index . 0 | quote }}, key: {{ index . 1 | quote }} } }
{{- end -}}

{{/*
Of services, by variable: who else has to know it. With another window, `topics apply` would shorten what the dispatcher
keeps.
*/}}
{{- define "astrolabe.sharedVariables" -}}
MAPPER_GROUP_ID: mapper
DISPATCHER_GROUP_ID: dispatcher
DISPATCHER_LEDGER_WINDOW_HOURS: dispatcher
{{- end -}}

{{/* Kubernetes refuses a name that is there twice, so what the chart sets cannot be set by hand as well. */}}
{{- define "astrolabe.env" -}}
{{- $environment := include (printf "astrolabe.environment.%s" .component) . | fromYaml -}}
{{- if $environment.Error }}{{ fail $environment.Error }}{{ end -}}
{{- if not (or .isSetup (eq .component "mapper")) -}}
{{- $environment = merge $environment .root.Values.connectors.env -}}
{{- end -}}
{{- $own := (index .root.Values .component).env -}}
{{- if has .component (list "operator" "console") -}}
{{- range $name, $service := include "astrolabe.sharedVariables" . | fromYaml -}}
{{- $given := (index $.root.Values $service).env -}}
{{- if and (hasKey $given $name) (not (hasKey $own $name)) -}}
{{- $_ := set $environment $name (get $given $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $own -}}
{{- if hasKey $environment $name -}}
{{- fail (printf "%s.env.%s: the chart sets this variable from a value of its own; see docs/deploy/kubernetes.md" $.component $name) -}}
{{- end -}}
{{- $_ := set $environment $name $value -}}
{{- end -}}
{{- range $name, $value := $environment -}}
- name: {{ $name }}
{{- if kindIs "map" $value }}
  valueFrom: {{ toJson $value }}
{{- else if kindIs "float64" $value }}
  value: {{ include "astrolabe.number" $value | quote }}
{{- else }}
  value: {{ $value | quote }}
{{- end }}
{{ end }}
{{- end -}}

{{/* Helm reads every number as a float, and prints large ones as 1e+07. */}}
{{- define "astrolabe.number" -}}
{{- if eq (floor .) . }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{/* given, ingress */}}
{{- define "astrolabe.trustedProxies" -}}
{{- if kindIs "invalid" .given -}}
{{- ternary 1 0 .ingress.enabled -}}
{{- else -}}
{{- .given -}}
{{- end -}}
{{- end -}}

{{- define "astrolabe.ingestInstances" -}}
{{- if not (kindIs "invalid" .instances) -}}
{{- .instances -}}
{{- else -}}
{{- ternary .autoscaling.maxReplicas .replicas .autoscaling.enabled -}}
{{- end -}}
{{- end -}}

{{- define "astrolabe.connectorsFile" -}}
{{ include "astrolabe.connectorsFolder" . }}/{{ .root.Values.connectors.key }}
{{- end -}}

{{- define "astrolabe.adminPort" -}}9464{{- end -}}
{{- define "astrolabe.ingestPort" -}}3100{{- end -}}
{{- define "astrolabe.consolePort" -}}3400{{- end -}}
{{- define "astrolabe.connectorsFolder" -}}/etc/astrolabe{{- end -}}
{{- define "astrolabe.secretsFolder" -}}/etc/astrolabe-secrets{{- end -}}
{{- define "astrolabe.dataFolder" -}}/data{{- end -}}
