#!/usr/bin/env bash
# Runs docker-compose.yml for real: builds the images, brings everything up, sends Segment's three calls, reads the state back
# from the API, restarts all of it on the same data, and reads it again.
#
# usage: verify-compose.sh
#
# It runs beside anything else: a project name and ports of its own. Whatever it starts it removes, the engine included where
# none answered before; images stay in the cache folder.
#
# Exit codes: 0 all of it held; 1 something did not (with the containers' states and logs); 75 this machine cannot run it.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

readonly UP_TIMEOUT_SECONDS=300
readonly EFFECT_TIMEOUT_SECONDS=60

project=astrolabe-verify-$$
started_engine=no
compose_began=no

compose() { docker compose --project-name "$project" --file "$repository_dir/docker-compose.yml" "$@"; }

clean_up() {
  local code=$?
  trap - EXIT INT TERM
  if [ "$compose_began" = yes ]; then
    if [ "$code" -ne 0 ]; then
      compose ps --all >&2 || true
      compose logs --no-color --tail 40 >&2 || true
    fi
    compose down --volumes --remove-orphans --timeout 10 >/dev/null 2>&1 || say "some of project $project could not be removed"
  fi
  if [ "$started_engine" = yes ]; then "$docker_dir/engine.sh" down || true; fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a script of this folder that prints variables, and takes them over; its exit code is passed on.
adopt() {
  local lines
  lines=$("$@") || exit $?
  if [ -n "$lines" ]; then export "${lines?}"; fi
}

free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 10000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  done
  printf '%s\n' "$port"
}

bring_up() {
  say "$1"
  compose_began=yes
  SECONDS=0
  timeout "$UP_TIMEOUT_SECONDS" docker compose --project-name "$project" --file "$repository_dir/docker-compose.yml" \
    --progress quiet up --wait "${@:2}" || fail "docker compose up did not get every service healthy"
  say "all services are healthy after $SECONDS s"
}

# usage: send ENDPOINT BODY
send() {
  local answer
  answer=$(curl --silent --show-error --max-time 20 --user "$DEMO_API_KEY:" --header 'content-type: application/json' \
    --data "$2" "http://127.0.0.1:$INGEST_HOST_PORT/v1/$1") || fail "POST /v1/$1 got no answer"
  [ "$(tr -d ' \n' <<<"$answer")" = '{"success":true}' ] || fail "POST /v1/$1 answered $answer"
}

# Waits until the API's answer has every one of the given texts (white space apart). usage: expect PATH TEXT...
expect() {
  local path=$1 answer='' text found deadline=$((SECONDS + EFFECT_TIMEOUT_SECONDS))
  shift
  while [ "$SECONDS" -lt "$deadline" ]; do
    answer=$(curl --silent --max-time 10 --header "authorization: Bearer $DEMO_API_KEY" "http://127.0.0.1:$ASTROLABE_API_HOST_PORT/v1/$path" || true)
    found=yes
    for text in "$@"; do
      grep -qF -- "${text// /}" <<<"${answer// /}" || found=no
    done
    if [ "$found" = yes ]; then
      say "GET /v1/$path is as expected"
      return 0
    fi
    sleep 0.5
  done
  fail "GET /v1/$path lacks some of: $* — after $EFFECT_TIMEOUT_SECONDS s it answers: $answer"
}

expect_state() {
  expect users/userId123 '"email":"john.doe@example.com"'
  expect accounts/0e8c78ea9d97a7b8185e8632 '"name":"Initech"' '"employees":329' '"total billed":830'
  expect accounts/0e8c78ea9d97a7b8185e8632/users '"userId123"'
  expect 'events?userId=userId123' '"User Registered"' '"plan":"Pro Annual"'
}

check_containers() {
  local id name image user packages
  for id in $(compose ps --all --quiet); do
    read -r name image user < <(docker inspect --format '{{.Name}} {{.Config.Image}} {{.Config.User}}' "$id")
    case $user in '' | 0 | root | 0:* | root:*) fail "$name runs as root" ;; esac
    case $image in *:latest) fail "$name runs $image, whatever that is today" ;; *:*) ;; *) fail "$name runs $image, a name without a tag" ;; esac
  done
  packages=$(compose run --rm --no-deps --entrypoint ls ingest node_modules)
  grep -qx fastify <<<"$packages" || fail "the packages in the image could not be listed: $packages"
  for name in node testcontainers typescript eslint fast-check knip; do
    if grep -qx "$name" <<<"$packages"; then fail "the image holds $name, which is for development only"; fi
  done
  say "no container runs as root, no image is nameless, no development dependency is in the image"
}

# The version on the label, and the list of packages in the image.
check_release() {
  local name version label sbom
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$repository_dir/package.json")
  for name in ingest mapper dispatcher cli reference-api; do
    label=$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}}' "astrolabe/$name:$version")
    [ "$label" = "$version" ] || fail "the image astrolabe/$name says that it is version $label, and it is $version"
  done
  sbom=$(compose run --rm --no-deps --entrypoint cat ingest sbom.cdx.json)
  grep -q '"bomFormat": "CycloneDX"' <<<"$sbom" || fail "the image has no list of its packages"
  grep -q 'pkg:npm/kafkajs@' <<<"$sbom" || fail "the list of packages in the image lacks kafkajs"
  say "the images name their version and list their packages"
}

# A service that needs its grace period's end, or dies of the signal, does not end with 0.
stop_in_order() {
  local service code
  compose stop >/dev/null 2>&1
  for service in ingest mapper dispatcher astrolabe-api; do
    code=$(docker inspect --format '{{.State.ExitCode}}' "$(compose ps --all --quiet "$service")")
    [ "$code" = 0 ] || fail "$service ended with exit code $code after SIGTERM"
  done
  say "the services end with 0 at SIGTERM"
  compose down >/dev/null 2>&1
}

command -v curl >/dev/null || install_packages curl || cannot "curl is missing and could not be installed"
if ! "$docker_dir/engine.sh" status 2>/dev/null; then started_engine=yes; fi
adopt "$docker_dir/engine.sh" up
adopt "$docker_dir/plugins.sh"
"$docker_dir/images.sh"

DEMO_API_KEY=verify-$RANDOM$RANDOM
INGEST_HOST_PORT=$(free_port)
ASTROLABE_API_HOST_PORT=$(free_port)
KAFKA_HOST_PORT=$(free_port)
REGISTRY_HOST_PORT=$(free_port)
export DEMO_API_KEY INGEST_HOST_PORT ASTROLABE_API_HOST_PORT KAFKA_HOST_PORT REGISTRY_HOST_PORT

bring_up "docker compose up --build --wait, project $project" --build
check_containers
check_release

send identify '{"messageId":"m-1","userId":"userId123","traits":{"email":"john.doe@example.com"}}'
send group '{"messageId":"m-2","userId":"userId123","groupId":"0e8c78ea9d97a7b8185e8632","traits":{"name":"Initech","industry":"Technology","employees":329,"plan":"enterprise","total billed":830}}'
send track '{"messageId":"m-3","userId":"userId123","event":"User Registered","properties":{"plan":"Pro Annual","accountType":"Facebook"}}'
expect_state

stop_in_order
bring_up "the same again on the data that the first run left"
expect_state
send identify '{"messageId":"m-4","userId":"userId123","traits":{"title":"after the restart"}}'
expect users/userId123 '"title":"after the restart"' '"email":"john.doe@example.com"'

say "docker-compose.yml works"
