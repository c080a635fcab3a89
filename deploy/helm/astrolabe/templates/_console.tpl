{{/* What only the console needs. Each template takes the chart's own ".". */}}

{{/* Without a log-in it lets in everybody who reaches it, so nobody may but through its own pod. */}}
{{- define "astrolabe.consoleHost" -}}
{{- ternary "127.0.0.1" .Values.listenAddress (eq .Values.console.login "none") -}}
{{- end -}}

{{- define "astrolabe.consoleIngestUrl" -}}
{{- default .Values.ingest.publicUrl .Values.console.ingestUrl -}}
{{- end -}}

{{/* Of a component: its headless Service, whose name has the address of each pod. The dispatcher has one already. */}}
{{- define "astrolabe.adminService" -}}
{{- include "astrolabe.componentName" . }}{{ if ne .component "dispatcher" }}-admin{{ end -}}
{{- end -}}

{{- define "astrolabe.adminUrls" -}}
{{- $urls := list -}}
{{- range $component := list "ingest" "mapper" "dispatcher" -}}
{{- $name := include "astrolabe.adminService" (dict "root" $ "component" $component) -}}
{{- $urls = append $urls (printf "http://%s:%s" $name (include "astrolabe.adminPort" $)) -}}
{{- end -}}
{{- join "," $urls -}}
{{- end -}}

{{- define "astrolabe.consoleSources" -}}
{{- $sources := list -}}
{{- with .Values.console -}}
{{- if ne .login "none" -}}
{{- $items := list (dict "key" .sessionSecretKey "path" "console/session-secret") -}}
{{- if eq .login "basic" -}}
{{- $items = append $items (dict "key" .usersKey "path" "console/users") -}}
{{- else if .oidc.clientSecretKey -}}
{{- $items = append $items (dict "key" .oidc.clientSecretKey "path" "console/client-secret") -}}
{{- end -}}
{{- $sources = append $sources (dict "secret" (dict "name" .existingSecret "items" $items)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $sources -}}
{{- end -}}

{{/* What would be unsafe, or would let in nobody. The console refuses most of it too, but only once it starts. */}}
{{- define "astrolabe.validateConsole" -}}
{{- with .Values.console -}}
{{- if not .roles -}}
{{- fail "console.roles: nobody has a role by default, so nobody could use the console; give rules, such as groups:pipeline-ops=admin or *=viewer" -}}
{{- end -}}
{{- if eq .login "none" -}}
{{- if .ingress.enabled -}}
{{- fail "console.ingress: with console.login none everybody who reaches the console is let in, so it can be reached by kubectl port-forward only; choose basic or oidc" -}}
{{- else if ne .service.type "ClusterIP" -}}
{{- fail (printf "console.service.type is %s: with console.login none everybody who reaches the console is let in, so it has no Service; choose basic or oidc" .service.type) -}}
{{- end -}}
{{- else -}}
{{- if not .existingSecret -}}
{{- fail (printf "console.existingSecret: console.login %s needs a Secret with a random text under %s (openssl rand -base64 32), which encrypts the cookies of sessions" .login .sessionSecretKey) -}}
{{- else if not .publicUrl -}}
{{- fail (printf "console.publicUrl: console.login %s needs the https address in the address bar of browsers" .login) -}}
{{- else if and (hasPrefix "http:" .publicUrl) (or .ingress.enabled (not (regexMatch "^http://(localhost|127\\.[0-9.]+|\\[::1\\])(:[0-9]+)?$" .publicUrl))) -}}
{{- fail (printf "console.publicUrl is %s: passwords and sessions would go over the network in plain text; put TLS in front, and give its https address" .publicUrl) -}}
{{- end -}}
{{- if and (eq .login "oidc") (not (and .oidc.issuer .oidc.clientId)) -}}
{{- fail "console.oidc: set issuer and clientId" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
