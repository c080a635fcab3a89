#!/usr/bin/env bash
# A newcomer's afternoon, on this machine: a Kafka with TLS, logins and access rules; the rights that `astrolabe acls print`
# prints; the Helm chart, rendered; topics, schemas, services and the operator's console under their principals, with the
# environment of the rendered manifests; an event delivered, and seen in its trace and in the console; an alert fired by a
# revoked key, and resolved.
#
# It needs Java 17 and Maven, as `npm test` does, Linux on x64 for helm, and prometheus for the alert.
#
# Exit codes: 0 all of it held; 1 something did not; 75 this machine cannot run all of it (said aloud).
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/chart/settings.sh"

cd "$repository_dir"
kafka_version=$(sed -n "s/^export const KAFKA_VERSION = '\(.*\)';$/\1/p" packages/testkit/src/stack/versions.ts)
[ -n "$kafka_version" ] || fail "packages/testkit/src/stack/versions.ts does not tell the version of Kafka"
tools_jar=$(dirname -- "$cache_dir")/kafka-tools-$kafka_version.jar

# Brokers do without the commands of Kafka's bin/, and so the downloads of `npm test` do not have them.
fetch_tools_jar() {
  local work_dir
  command -v mvn >/dev/null || cannot "mvn is missing, which fetches Kafka and its tools"
  say "fetching Kafka's tools by Maven (1 MB, once: $tools_jar)"
  work_dir=$(mktemp -d "$cache_dir/fetch.XXXXXX")
  if mvn --batch-mode --quiet -Dstyle.color=never dependency:copy "-Dartifact=org.apache.kafka:kafka-tools:$kafka_version" \
    "-DoutputDirectory=$work_dir" >&2; then
    mv "$work_dir/kafka-tools-$kafka_version.jar" "$tools_jar"
    rm -rf "$work_dir"
    return 0
  fi
  rm -rf "$work_dir"
  cannot "Maven could not fetch org.apache.kafka:kafka-tools:$kafka_version"
}

find_helm
[ -e "$tools_jar" ] || fetch_tools_jar

# A busy machine takes its time, and the time-outs are there to find what hangs.
export ASTROLABE_TIMEOUT_FACTOR=${ASTROLABE_TIMEOUT_FACTOR:-3}
HELM=$helm KAFKA_TOOLS_JAR=$tools_jar PROMETHEUS=$(command -v prometheus || true) \
  exec node_modules/.bin/node --disable-warning=ExperimentalWarning test/afternoon/main.ts
