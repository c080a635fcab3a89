{{/* Passwords, keys and certificates as files of one volume, a folder for each peer: the names in _environment.tpl. */}}
{{- define "astrolabe.secretSources" -}}
{{- $kafka := include "astrolabe.kafka" . | fromYaml -}}
{{- $sasl := $kafka.sasl -}}
{{- $sources := list -}}
{{- if $kafka.tls.enabled -}}
{{- $sources = concat $sources (include "astrolabe.tlsSources" (list "kafka" $kafka.tls) | fromYamlArray) -}}
{{- end -}}
{{- if has $sasl.mechanism (list "plain" "scram-sha-256" "scram-sha-512") -}}
{{- $sources = append $sources (include "astrolabe.fileOfSecret" (list $sasl.existingSecret $sasl.passwordKey "kafka/password") | fromYaml) -}}
{{- end -}}
{{- if eq $sasl.mechanism "oauthbearer" -}}
{{- $sources = append $sources (include "astrolabe.fileOfSecret" (list $sasl.existingSecret $sasl.oauth.clientSecretKey "kafka/client-secret") | fromYaml) -}}
{{- $sources = concat $sources (include "astrolabe.caSources" (list "kafka/oauth-ca.crt" $sasl.oauth.ca) | fromYamlArray) -}}
{{- end -}}
{{- if ne .component "ingest" -}}
{{- with .root.Values.registry -}}
{{- if .existingSecret -}}
{{- $sources = append $sources (include "astrolabe.fileOfSecret" (list .existingSecret .passwordKey "registry/password") | fromYaml) -}}
{{- end -}}
{{- $sources = concat $sources (include "astrolabe.tlsSources" (list "registry" .tls) | fromYamlArray) -}}
{{- end -}}
{{- end -}}
{{- if and (has .component (list "dispatcher" "operator" "console")) (not .isSetup) -}}
{{- $sources = concat $sources (include "astrolabe.tlsSources" (list "api" .root.Values.api.tls) | fromYamlArray) -}}
{{- end -}}
{{- if eq .component "console" -}}
{{- $sources = concat $sources (include "astrolabe.consoleSources" .root | fromYamlArray) -}}
{{- end -}}
{{- if $sources -}}{{- toYaml $sources -}}{{- end -}}
{{- end -}}

{{/* A list: folder, tls. */}}
{{- define "astrolabe.tlsSources" -}}
{{- $folder := index . 0 -}}
{{- $tls := index . 1 -}}
{{- $sources := include "astrolabe.caSources" (list (printf "%s/ca.crt" $folder) $tls.ca) | fromYamlArray -}}
{{- with $tls.clientCertificate -}}
{{- if .existingSecret -}}
{{- $items := list (dict "key" .certificateKey "path" (printf "%s/tls.crt" $folder)) (dict "key" .keyKey "path" (printf "%s/tls.key" $folder)) -}}
{{- with .passphraseKey -}}
{{- $items = append $items (dict "key" . "path" (printf "%s/passphrase" $folder)) -}}
{{- end -}}
{{- $sources = append $sources (dict "secret" (dict "name" .existingSecret "items" $items)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $sources -}}
{{- end -}}

{{/* A list: path, ca. */}}
{{- define "astrolabe.caSources" -}}
{{- $items := list (dict "key" (index . 1).key "path" (index . 0)) -}}
{{- with index . 1 -}}
{{- if .existingSecret -}}
{{- list (dict "secret" (dict "name" .existingSecret "items" $items)) | toYaml -}}
{{- else if .existingConfigMap -}}
{{- list (dict "configMap" (dict "name" .existingConfigMap "items" $items)) | toYaml -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A list: Secret, key, path. */}}
{{- define "astrolabe.fileOfSecret" -}}
{{- dict "secret" (dict "name" (index . 0) "items" (list (dict "key" (index . 1) "path" (index . 2)))) | toYaml -}}
{{- end -}}
