{{/* What a schema cannot say, for it concerns several values. */}}
{{- define "astrolabe.validate" -}}
{{- $inline := not (empty .Values.connectors.inline) -}}
{{- if and $inline .Values.connectors.existingSecret -}}
{{- fail "connectors: set existingSecret or inline, not both" -}}
{{- else if not (or $inline .Values.connectors.existingSecret) -}}
{{- fail "connectors: set existingSecret (a Secret with the connectors file) or inline (the file itself)" -}}
{{- end -}}
{{- $partitions := int .Values.kafka.partitions -}}
{{- range $component := list "mapper" "dispatcher" -}}
{{- with index $.Values $component -}}
{{- if and .autoscaling.enabled (gt (int .autoscaling.maxReplicas) $partitions) -}}
{{- fail (printf "%s.autoscaling.maxReplicas is %d: at most kafka.partitions (%d), for an instance without a partition has no work" $component (int .autoscaling.maxReplicas) $partitions) -}}
{{- else if and (not .autoscaling.enabled) (gt (int (default 0 .replicas)) $partitions) -}}
{{- fail (printf "%s.replicas is %d: at most kafka.partitions (%d), for an instance without a partition has no work" $component (int .replicas) $partitions) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $component := list "ingest" "mapper" "dispatcher" -}}
{{- with (index $.Values $component).autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "%s.autoscaling.minReplicas is %d: at most maxReplicas (%d)" $component (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.ingest -}}
{{- if and (kindIs "invalid" .replicas) (not .autoscaling.enabled) (kindIs "invalid" .instances) -}}
{{- fail "ingest.replicas is null: set ingest.instances to the most that there may be, for they share each connector's limits" -}}
{{- end -}}
{{- if and .autoscaling.enabled (not .autoscaling.metrics) (not (dig "requests" "cpu" "" .resources)) -}}
{{- fail "ingest.autoscaling: a target of processor time needs ingest.resources.requests.cpu" -}}
{{- end -}}
{{- end -}}
{{- $withKafka := list "ingest" "mapper" "dispatcher" "operator" "setup" -}}
{{- if .Values.console.enabled -}}
{{- include "astrolabe.validateConsole" . -}}
{{- $withKafka = append $withKafka "console" -}}
{{- end -}}
{{- range $component := $withKafka -}}
{{- $isSetup := eq $component "setup" -}}
{{- $kafka := include "astrolabe.kafka" (dict "root" $ "component" (ternary "operator" $component $isSetup) "isSetup" $isSetup) | fromYaml -}}
{{- $sasl := $kafka.sasl -}}
{{- $withPassword := has $sasl.mechanism (list "plain" "scram-sha-256" "scram-sha-512") -}}
{{- if and (or $withPassword (eq $sasl.mechanism "oauthbearer")) (not $sasl.existingSecret) -}}
{{- fail (printf "kafka.sasl (of %s): %s needs existingSecret, a Secret with the password or the client secret" $component $sasl.mechanism) -}}
{{- end -}}
{{- if and $withPassword (not $sasl.username) (not $sasl.usernameKey) -}}
{{- fail (printf "kafka.sasl (of %s): set username, or usernameKey of the Secret" $component) -}}
{{- end -}}
{{- if and (eq $sasl.mechanism "oauthbearer") (not (and $sasl.oauth.tokenUrl $sasl.oauth.clientId)) -}}
{{- fail (printf "kafka.sasl.oauth (of %s): set tokenUrl and clientId" $component) -}}
{{- end -}}
{{- if and (eq $sasl.mechanism "aws-msk-iam") (not $sasl.awsRegion) -}}
{{- fail (printf "kafka.sasl (of %s): aws-msk-iam needs awsRegion" $component) -}}
{{- end -}}
{{- include "astrolabe.validateTls" (list (printf "kafka.tls (of %s)" $component) $kafka.tls $kafka.tls.enabled "kafka.tls.enabled is true") -}}
{{- end -}}
{{- include "astrolabe.validateTls" (list "registry.tls" .Values.registry.tls (hasPrefix "https:" .Values.registry.url) "registry.url is an https URL") -}}
{{- include "astrolabe.validateTls" (list "api.tls" .Values.api.tls (hasPrefix "https:" .Values.api.url) "api.url is an https URL") -}}
{{- end -}}

{{/* A list: name, tls, whether connections are encrypted, what would encrypt them. */}}
{{- define "astrolabe.validateTls" -}}
{{- $name := index . 0 -}}
{{- $tls := index . 1 -}}
{{- if and $tls.ca.existingSecret $tls.ca.existingConfigMap -}}
{{- fail (printf "%s.ca: set existingSecret or existingConfigMap, not both" $name) -}}
{{- end -}}
{{- if and (not (index . 2)) (or (include "astrolabe.hasCa" $tls) $tls.clientCertificate.existingSecret $tls.serverName) -}}
{{- fail (printf "%s: has no meaning unless %s" $name (index . 3)) -}}
{{- end -}}
{{- end -}}
