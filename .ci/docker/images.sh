#!/usr/bin/env bash
# The images that Dockerfile, docker-compose.yml and the testcontainers way start from, under their official names.
# Each is taken as it is where the engine has it, else pulled, else a stand-in is built from Debian, npm and Maven
# Central.
#
# usage: images.sh   (with DOCKER_HOST, and DOCKER_CONFIG where plugins.sh gave one)
#
# A stand-in keeps what the official image promises to those that use it: entry point, paths, environment, ports and user.
# It carries the label below with the hash of what it was built from, and is rebuilt when that hash changes. An image
# without the label is the official one and is never touched.
#
# Exit codes: 0 every image is there; 1 failed; 75 an image can be neither pulled nor built on this machine.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

readonly LABEL=io.astrolabe.stand-in
readonly NODE_IMAGE=node:24-bookworm-slim
readonly KAFKA_IMAGE=apache/kafka:4.2.1
readonly REGISTRY_IMAGE=apicurio/apicurio-registry:3.0.9
readonly RYUK_IMAGE=testcontainers/ryuk:0.14.0
readonly BASE_IMAGE=astrolabe-stand-in/debian:bookworm-slim
readonly JRE_IMAGE=astrolabe-stand-in/jre:17

readonly NODE_VERSION=24.21.0
readonly NPM_VERSION=11.21.2
readonly APICURIO_VERSION=3.0.9

recipes_dir=$docker_dir/images

# One for all: the stand-ins are built on each other, and the engine's own cache makes the unchanged ones cheap.
recipes_hash=$(cd "$docker_dir" && { find images -type f | LC_ALL=C sort | xargs cat; cat images.sh; } | sha256sum | cut -c 1-16)

present() { docker image inspect "$1" >/dev/null 2>&1; }

label_of() { docker image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$1" 2>/dev/null || true; }

# usage: build_image IMAGE RECIPE CONTEXT_DIR
build_image() {
  # The network of the machine: a build needs Debian's packages even where the engine has no packet filter rules to lead it out.
  quietly "image-$2" nice -n 10 docker build --network host --label "$LABEL=$recipes_hash" --tag "$1" "$3"
}

# True when IMAGE is a stand-in built from these very recipes.
up_to_date() { present "$1" && [ "$(label_of "$1")" = "$recipes_hash" ]; }

new_context() {
  rm -rf "$cache_dir/context-$1"
  cp -r "$recipes_dir/$1" "$cache_dir/context-$1"
  printf '%s\n' "$cache_dir/context-$1"
}

# The smallest Debian, straight from its packages.
build_base() {
  if present "$BASE_IMAGE"; then return 0; fi
  command -v debootstrap >/dev/null || install_packages debootstrap || cannot "debootstrap is missing and could not be installed"
  local root=$cache_dir/debian-root
  rm -rf "$root"
  quietly debootstrap nice -n 10 debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ||
    cannot "debootstrap could not fetch Debian"
  # A machine behind a proxy with a certificate of its own trusts it; so must what is built on it.
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  chroot "$root" update-ca-certificates >/dev/null 2>&1
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info}/*
  tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$BASE_IMAGE" >/dev/null
  rm -rf "$root"
}

build_jre() {
  if up_to_date "$JRE_IMAGE"; then return 0; fi
  build_base
  build_image "$JRE_IMAGE" jre "$(new_context jre)"
  rm -rf "$cache_dir/context-jre"
}

# Node's binary is in the npm package node-linux-ARCH, which is what the npm package `node` installs.
build_node() {
  local arch context
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) cannot "npm has no Node binary for $(uname -m)" ;;
  esac
  command -v npm >/dev/null || cannot "npm is missing, and it is where Node's binary comes from"
  build_base
  context=$(new_context node)
  (cd "$context" && quietly npm-pack npm pack --silent "node-linux-$arch@$NODE_VERSION" "npm@$NPM_VERSION") || cannot "npm could not fetch Node's binary"
  mkdir "$context/node" "$context/npm"
  tar -xzf "$context/node-linux-$arch-$NODE_VERSION.tgz" -C "$context/node" --strip-components=1
  tar -xzf "$context/npm-$NPM_VERSION.tgz" -C "$context/npm" --strip-components=1
  build_image "$1" node "$context"
}

build_kafka() {
  local context
  command -v mvn >/dev/null || cannot "Maven is missing, and it is where Kafka's jars come from"
  build_jre
  context=$(new_context kafka)
  quietly maven-kafka mvn -q -B -f "$context/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$context/libs" ||
    cannot "Maven could not fetch Kafka's jars"
  build_image "$1" kafka "$context"
}

build_registry() {
  local context
  command -v mvn >/dev/null || cannot "Maven is missing, and it is where Apicurio Registry comes from"
  build_jre
  context=$(new_context registry)
  # Without a project, and in the fresh folder: the parent of its pom is not to be had, and Maven leaves its markers where it runs.
  (cd "$context" && quietly maven-registry mvn -q -B dependency:unpack -DoutputDirectory="$context/app" \
    -Dartifact="io.apicurio:apicurio-registry-app:$APICURIO_VERSION:zip:all") || cannot "Maven could not fetch Apicurio Registry"
  build_image "$1" registry "$context"
}

build_ryuk() { build_image "$1" ryuk "$(new_context ryuk)"; }

# usage: ensure IMAGE RECIPE
ensure() {
  if present "$1" && { [ -z "$(label_of "$1")" ] || up_to_date "$1"; }; then
    say "$1 is here ($([ -n "$(label_of "$1")" ] && echo 'the stand-in built earlier' || echo 'the official image'))"
    return 0
  fi
  if [ -z "$(label_of "$1")" ] && timeout 600 docker pull --quiet "$1" >/dev/null 2>&1; then
    say "$1 pulled"
    return 0
  fi
  say "$1 cannot be pulled here; building a stand-in under that name"
  "build_$2" "$1" || fail "the stand-in for $1 could not be built"
  rm -rf "$cache_dir/context-$2"
}

docker version >/dev/null 2>&1 || cannot "no Docker engine answers (eval \"\$(engine.sh up)\" first)"
one_at_a_time
ensure "$NODE_IMAGE" node
ensure "$KAFKA_IMAGE" kafka
ensure "$REGISTRY_IMAGE" registry
# What testcontainers has clean up after it. Last, for it starts from the Node image.
ensure "$RYUK_IMAGE" ryuk
# What a rebuilt stand-in has left without a name.
docker image prune --force --filter "label=$LABEL" >/dev/null
