#!/usr/bin/env bash
# The chart on a real Kubernetes API server (no nodes, so no pod runs): install, upgrade, rollback and uninstall with Helm,
# and every pod under the strictest of Kubernetes's pod security standards.
#
# usage: verify-on-server.sh         takes the API server that was built before
#        verify-on-server.sh build   builds it first where there is none: from its Go modules, some ten minutes, once
#
# Exit codes: 0 all of it held; 1 something did not; 75 this machine cannot run it (said aloud).
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

readonly KUBERNETES_VERSION=1.35.4
readonly ETCD_PACKAGE=etcd-server
server_dir=$cache_dir/api-server-$KUBERNETES_VERSION

# The module of Kubernetes finds the modules of its staging area by paths; from outside they have versions of their own.
build_api_server() {
  local module_dir minor=${KUBERNETES_VERSION#1.}
  local variables=k8s.io/component-base/version
  cd "$1"
  module_dir=$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES_VERSION" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
  sed -e 's/^module .*/module build/' -e "s#=> ./staging/src/\(k8s.io/[a-z-]*\)#=> \1 v0.$minor#" "$module_dir/go.mod" >go.mod
  cp "$module_dir/go.sum" go.sum
  chmod u+w go.sum
  go mod edit -require "k8s.io/kubernetes@v$KUBERNETES_VERSION"
  CGO_ENABLED=0 nice -n 19 go build -mod=mod -trimpath -buildvcs=false -o kube-apiserver \
    -ldflags "-s -w -X $variables.gitVersion=v$KUBERNETES_VERSION -X $variables.gitMajor=1 -X $variables.gitMinor=${minor%%.*}" \
    k8s.io/kubernetes/cmd/kube-apiserver
}

# Debian's package, unpacked and not installed.
fetch_etcd() {
  cd "$1"
  apt-get download "$ETCD_PACKAGE" && dpkg-deb -x "$ETCD_PACKAGE"_*.deb etcd-root && mv etcd-root/usr/bin/etcd etcd
}

build() {
  local work_dir
  command -v go >/dev/null || cannot "Go is missing, and the API server is built from its modules"
  command -v apt-get >/dev/null || cannot "etcd comes from Debian's package $ETCD_PACKAGE"
  work_dir=$(mktemp -d "$cache_dir/build.XXXXXX")
  say "building the API server of Kubernetes $KUBERNETES_VERSION (log: $cache_dir/build-api-server.log)"
  if (fetch_etcd "$work_dir" && build_api_server "$work_dir") >"$cache_dir/build-api-server.log" 2>&1; then
    # The rename comes last, so that a build that was cut short leaves nothing that looks whole.
    rm -rf "$server_dir" "$server_dir.part" && mkdir "$server_dir.part"
    mv "$work_dir/kube-apiserver" "$work_dir/etcd" "$server_dir.part" && mv "$server_dir.part" "$server_dir"
    rm -rf "$work_dir"
    return 0
  fi
  rm -rf "$work_dir"
  tail -n 20 "$cache_dir/build-api-server.log" >&2
  cannot "the API server could not be built from its Go modules"
}

if [ ! -x "$server_dir/kube-apiserver" ]; then
  [ "${1:-}" = build ] || cannot "no API server is in $server_dir; \"$0 build\" builds one"
  build
fi
find_helm

work_dir=$(mktemp -d)
etcd_pid='' server_pid=''
clean_up() {
  local code=$?
  trap - EXIT
  if [ -n "$server_pid" ]; then kill "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null || true; fi
  if [ -n "$etcd_pid" ]; then kill "$etcd_pid" 2>/dev/null && wait "$etcd_pid" 2>/dev/null || true; fi
  rm -rf "$work_dir"
  exit "$code"
}
trap clean_up EXIT

read -r etcd_port peer_port server_port < <(
  node -e '
    const servers = [0, 1, 2].map(() => require("node:net").createServer().listen(0, "127.0.0.1"));
    let open = 0;
    for (const server of servers) server.on("listening", () => {
      if (++open < servers.length) return;
      console.log(servers.map((each) => each.address().port).join(" "));
      for (const each of servers) each.close();
    });'
)
node -e '
  const { privateKey } = require("node:crypto").generateKeyPairSync("rsa", { modulusLength: 2048 });
  console.log(privateKey.export({ type: "pkcs1", format: "pem" }));' >"$work_dir/service-accounts.key"
echo 'admin-token,admin,admin,"system:masters"' >"$work_dir/tokens.csv"

"$server_dir/etcd" --data-dir "$work_dir/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
  --advertise-client-urls "http://127.0.0.1:$etcd_port" --listen-peer-urls "http://127.0.0.1:$peer_port" \
  --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" --initial-cluster "default=http://127.0.0.1:$peer_port" \
  >"$work_dir/etcd.log" 2>&1 &
etcd_pid=$!
# No controllers run, which would make the account that the admission plugin ServiceAccount asks for.
"$server_dir/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 --secure-port "$server_port" \
  --cert-dir "$work_dir/certificates" --service-cluster-ip-range 10.0.0.0/24 --endpoint-reconciler-type none \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$work_dir/service-accounts.key" \
  --service-account-signing-key-file "$work_dir/service-accounts.key" --authorization-mode RBAC \
  --token-auth-file "$work_dir/tokens.csv" --disable-admission-plugins ServiceAccount >"$work_dir/server.log" 2>&1 &
server_pid=$!

export KUBECONFIG=$work_dir/kubeconfig
"$kubectl" config set-cluster local --server "https://127.0.0.1:$server_port" --insecure-skip-tls-verify >/dev/null
"$kubectl" config set-credentials admin --token admin-token >/dev/null
"$kubectl" config set-context local --cluster local --user admin >/dev/null
"$kubectl" config use-context local >/dev/null

for _ in $(seq 600); do
  if "$kubectl" get --raw /readyz >/dev/null 2>&1; then break; fi
  kill -0 "$server_pid" 2>/dev/null || { tail -n 20 "$work_dir/server.log" >&2 && fail "the API server ended"; }
  sleep 0.2
done
"$kubectl" get --raw /readyz >/dev/null || fail "the API server is not ready after two minutes; see above"
say "the API server of Kubernetes $KUBERNETES_VERSION answers"

# Kinds of operators are not known here; hooks would wait for a Job that nobody runs.
readonly WITHOUT_OPERATORS=(--set monitoring.podMonitor.enabled=false,monitoring.rules.enabled=false --set-json extraManifests=[])

# usage: release VERB NAMESPACE VALUE_SET FLAG...
release() {
  local verb=$1 namespace=$2 values=$chart_dir/ci/$3-values.yaml
  shift 3
  "$helm" "$verb" astrolabe "$chart_dir" --namespace "$namespace" --no-hooks --values "$values" "${WITHOUT_OPERATORS[@]}" "$@"
}

# usage: create_namespace NAME
create_namespace() {
  "$kubectl" create namespace "$1" >/dev/null
  "$kubectl" label namespace "$1" pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted >/dev/null
}

# Pods as their controllers would make them, hooks included: the server takes each, or says what is against it.
# usage: admit_pods NAMESPACE VALUE_SET
admit_pods() {
  "$helm" template astrolabe "$chart_dir" --namespace "$1" --values "$chart_dir/ci/$2-values.yaml" "${WITHOUT_OPERATORS[@]}" |
    (cd "$repository_dir" && node_modules/.bin/node test/chart/pods-of-manifests.ts "$1") >"$work_dir/pods.json"
  "$kubectl" create --dry-run=server --validate=strict --filename "$work_dir/pods.json" >"$work_dir/admitted"
  [ "$(wc -l <"$work_dir/admitted")" -eq "$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).items.length' "$work_dir/pods.json")" ] || fail "not all pods of $2 were admitted: $(cat "$work_dir/admitted")"
}

for file in "$chart_dir"/ci/*-values.yaml; do
  value_set=$(basename -- "$file" -values.yaml)
  create_namespace "$value_set"
  if ! release install "$value_set" "$value_set" >"$work_dir/output" 2>&1; then
    cat "$work_dir/output" >&2
    fail "$value_set could not be installed"
  fi
  if grep -i warn "$work_dir/output" >&2; then fail "the server warned of what $value_set installs"; fi
  admit_pods "$value_set" "$value_set"
done
say "every value set was installed, and its pods are within the restricted standard"

sed 's/"runAsNonRoot":true/"runAsNonRoot":false/g' "$work_dir/pods.json" >"$work_dir/rights.json"
if "$kubectl" create --dry-run=server --filename "$work_dir/rights.json" >/dev/null 2>&1; then
  fail "a pod that may run as root was admitted: the admission above proves nothing"
fi

# usage: image NAMESPACE
image() { "$kubectl" --namespace "$1" get deployment astrolabe-ingest --output 'jsonpath={.spec.template.spec.containers[0].image}'; }
# usage: expect WHAT FOUND EXPECTED
expect() { [ "$2" = "$3" ] || fail "$1: found \"$2\", expected \"$3\""; }

release upgrade minimal minimal --set image.tag=next --set mapper.replicas=4 >/dev/null
expect 'image after the upgrade' "$(image minimal)" astrolabe/ingest:next
release upgrade minimal secured >/dev/null
expect 'policies after the second upgrade' "$("$kubectl" --namespace minimal get networkpolicies --output name | wc -l)" 4
"$helm" rollback astrolabe 1 --namespace minimal --no-hooks >/dev/null
expect 'image after the rollback' "$(image minimal)" "$(image autoscaled)"
expect 'policies after the rollback' "$("$kubectl" --namespace minimal get networkpolicies --output name | wc -l)" 0
if release upgrade minimal dispatcher-heavy >"$work_dir/output" 2>&1; then
  fail "the ledger was moved to claims without a word; docs/deploy/kubernetes.md says that this is refused"
fi
grep -q 'updates to statefulset spec' "$work_dir/output" || { cat "$work_dir/output" >&2 && fail "the upgrade was refused for another reason"; }
"$helm" uninstall astrolabe --namespace minimal --no-hooks >/dev/null
left=$("$kubectl" --namespace minimal get all,ingress,networkpolicy,poddisruptionbudget,horizontalpodautoscaler,secret --output name)
expect 'what is left after uninstall' "$left" ''
say "install, upgrade, rollback and uninstall held"
