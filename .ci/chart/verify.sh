#!/usr/bin/env bash
# The chart, as far as it can be held without a cluster: lint, what is rendered from every value set against Kubernetes's
# schemas of two versions and against the services' own configuration, and what the schema of the values refuses.
#
# Exit codes: 0 all of it held; 1 something did not; 75 this machine cannot run it (said aloud).
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

find_helm
find_validate

work_dir=$(mktemp -d)
trap 'rm -rf "$work_dir"' EXIT

# usage: render VALUE_SET KUBERNETES_VERSION FLAG...
render() {
  local values=$chart_dir/ci/$1-values.yaml version=$2
  shift 2
  "$helm" template astrolabe "$chart_dir" --namespace astrolabe --kube-version "$version" --values "$values" "$@"
}

# usage: validate_manifests KUBERNETES_VERSION FILE
validate_manifests() {
  local output
  if ! output=$("$validate" --kubernetes-version "$1" --strict "$2" 2>&1); then
    printf '%s\n' "$output" >&2
    return 1
  fi
  # Kinds that operators bring have no schema here.
  printf '%s\n' "$output" | grep '^WARN' | grep -vE 'kind (PodMonitor|PrometheusRule|ExternalSecret) ' >&2 && return 1
  return 0
}

value_sets=()
for file in "$chart_dir"/ci/*-values.yaml; do value_sets+=("$(basename -- "$file" -values.yaml)"); done

for value_set in "${value_sets[@]}"; do
  "$helm" lint --strict --quiet "$chart_dir" --values "$chart_dir/ci/$value_set-values.yaml"
  for version in "${KUBERNETES_VERSIONS[@]}"; do
    render "$value_set" "$version" >"$work_dir/$value_set.yaml"
    validate_manifests "$version" "$work_dir/$value_set.yaml" || fail "$value_set is not valid for Kubernetes $version"
  done
done
say "valid for Kubernetes ${KUBERNETES_VERSIONS[*]}: ${value_sets[*]}"

# What would be said if a template misspelt a field.
sed 's/readOnlyRootFilesystem/readOnlyRootFileSystem/' "$work_dir/minimal.yaml" >"$work_dir/misspelt"
if validate_manifests "${KUBERNETES_VERSIONS[0]}" "$work_dir/misspelt" 2>/dev/null; then
  fail "a misspelt field was found valid: the validation above proves nothing"
fi

# Pods with other connectors: for the comparison with those of minimal.yaml.
connectors() { printf 'connectors={"existingSecret":null,"inline":{"connectors":[{"id":"%s","name":"A","apiKey":"key"}]}}' "$1"; }
render minimal "${KUBERNETES_VERSIONS[0]}" --set-json "$(connectors one)" >"$work_dir/connectors-one.yaml"
render minimal "${KUBERNETES_VERSIONS[0]}" --set-json "$(connectors two)" >"$work_dir/connectors-two.yaml"

# usage: refuses WORDS FLAG...   (the values of `minimal` with FLAGs are refused, and WORDS are in the reason)
refuses() {
  local words=$1 output
  shift
  if output=$(render minimal "${KUBERNETES_VERSIONS[0]}" "$@" 2>&1); then fail "accepted: $*"; fi
  case $output in
    *"$words"*) ;;
    *) fail "$* was refused without \"$words\": $output" ;;
  esac
}

refuses "at '/mapper': additional properties 'replica' not allowed" --set mapper.replica=3
refuses "at '/kafka/tls': additional properties 'enable' not allowed" --set kafka.tls.enable=true
refuses "at '/dispatcher/ledger': additional properties 'persistence' not allowed" --set dispatcher.ledger.persistence=true
refuses "at '/api/url'" --set api.url=api.astrolabe.example
refuses "at '/kafka/brokers/0'" --set 'kafka.brokers={kafka}'
refuses "at '/ingest/image/digest'" --set ingest.image.digest=latest
refuses "at '/monitoring/rules': additional properties 'runbookUrl' not allowed" --set monitoring.rules.runbookUrl=https://a
refuses "at '/monitoring/rules/runbookBase'" --set monitoring.rules.runbookBase=docs
refuses "at '/ingress/hosts'" --set ingress.enabled=true
refuses "additional properties 'freeEmail' not allowed" \
  --set-json 'connectors={"existingSecret":null,"inline":{"connectors":[{"id":"a","name":"A","apiKey":"k","freeEmail":"block"}]}}'
refuses 'set existingSecret (a Secret with the connectors file) or inline' --set connectors.existingSecret=
refuses 'set existingSecret or inline, not both' \
  --set-json 'connectors.inline={"connectors":[{"id":"a","name":"A","apiKey":"k"}]}'
refuses 'mapper.replicas is 7: at most kafka.partitions (6)' --set mapper.replicas=7
refuses 'dispatcher.autoscaling.maxReplicas is 12: at most kafka.partitions (6)' \
  --set dispatcher.autoscaling.enabled=true,dispatcher.autoscaling.maxReplicas=12
refuses 'ingest.autoscaling.minReplicas is 9' --set ingest.autoscaling.enabled=true,ingest.autoscaling.minReplicas=9
refuses 'needs ingest.resources.requests.cpu' \
  --set ingest.autoscaling.enabled=true --set-json 'ingest.resources={"requests":null}'
refuses 'set ingest.instances' --set-json ingest.replicas=null
refuses 'needs existingSecret' --set kafka.sasl.mechanism=plain
refuses 'set username, or usernameKey' --set kafka.sasl.mechanism=plain,mapper.kafka.sasl.existingSecret=mapper \
  --set kafka.sasl.existingSecret=shared
refuses 'kafka.sasl (of setup): set username, or usernameKey' --set kafka.sasl.mechanism=plain \
  --set kafka.sasl.existingSecret=shared,kafka.sasl.username=shared,setup.kafka.sasl.username=
refuses 'kafka.sasl.oauth (of ingest): set tokenUrl' --set kafka.sasl.mechanism=oauthbearer,kafka.sasl.existingSecret=a
refuses 'aws-msk-iam needs awsRegion' --set kafka.sasl.mechanism=aws-msk-iam
refuses 'kafka.tls (of ingest): has no meaning' --set kafka.tls.ca.existingSecret=ca
refuses 'registry.tls: has no meaning' --set registry.tls.serverName=a
refuses 'set existingSecret or existingConfigMap, not both' \
  --set kafka.tls.enabled=true,kafka.tls.ca.existingSecret=a,kafka.tls.ca.existingConfigMap=b
# usage: refuses_console WORDS FLAG...   (as refuses, with a console that everybody may look at)
refuses_console() {
  local words=$1
  shift
  refuses "$words" --set console.enabled=true --set 'console.roles={*=viewer}' "$@"
}
refuses 'console.roles: nobody has a role' --set console.enabled=true
refuses "at '/console/roles/0'" --set 'console.roles={everybody=viewer}'
refuses "at '/console/publicUrl'" --set console.publicUrl=https://a.example/console
refuses "at '/console/oidc/issuer'" --set console.oidc.issuer=http://login.example.com
refuses "at '/console/disabledActions/0'" --set 'console.disabledActions={redrives}'
refuses_console 'console.ingress: with console.login none' --set console.ingress.enabled=true
refuses_console 'console.service.type is LoadBalancer: with console.login none' --set console.service.type=LoadBalancer
refuses_console 'console.existingSecret: console.login basic needs' --set console.login=basic
refuses_console 'console.publicUrl: console.login basic needs' --set console.login=basic,console.existingSecret=a
refuses_console 'passwords and sessions would go over the network' \
  --set console.login=basic,console.existingSecret=a,console.publicUrl=http://console.example.com
refuses_console 'passwords and sessions would go over the network' --set console.ingress.enabled=true \
  --set console.login=basic,console.existingSecret=a,console.publicUrl=http://localhost:3400
refuses_console 'console.oidc: set issuer and clientId' \
  --set console.login=oidc,console.existingSecret=a,console.publicUrl=https://console.example.com
refuses_console 'console.env.CONSOLE_HOST: the chart sets this variable' --set console.env.CONSOLE_HOST=0.0.0.0
refuses_console 'kafka.sasl (of console): set username' \
  --set kafka.sasl.mechanism=plain,kafka.sasl.existingSecret=a,kafka.sasl.username=b,console.kafka.sasl.username=
refuses 'ingest.env.INGEST_PORT: the chart sets this variable' --set ingest.env.INGEST_PORT=80
say "values that are misspelt or contradict each other are refused"

cd "$repository_dir"
RENDERED_CHART_FOLDER=$work_dir node_modules/.bin/node --test test/chart/rendered-manifests.ts
