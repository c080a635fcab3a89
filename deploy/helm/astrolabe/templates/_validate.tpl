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
{{- range $component := list "ingest" "mapper" "dispatcher" "operator" -}}
{{- $sasl := (include "astrolabe.kafka" (dict "root" $ "component" $component) | fromYaml).sasl -}}
{{- if and $sasl.mechanism (not $sasl.existingSecret) -}}
{{- fail (printf "kafka.sasl (of %s): %s needs existingSecret, a Secret with the password" $component $sasl.mechanism) -}}
{{- end -}}
{{- if and $sasl.mechanism (not $sasl.username) (not $sasl.usernameKey) -}}
{{- fail (printf "kafka.sasl (of %s): set username, or usernameKey of the Secret" $component) -}}
{{- end -}}
{{- end -}}
{{- end -}}
