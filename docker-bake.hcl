# The images of a release, for two architectures:
#
#   REVISION=$(git rev-parse HEAD) SOURCE=https://example.com/astrolabe-pipeline REGISTRY=registry.example.com/astrolabe \
#     NODE_IMAGE=node:24-bookworm-slim@$(docker buildx imagetools inspect node:24-bookworm-slim --format '{{.Manifest.Digest}}') \
#     docker buildx bake --file docker-bake.hcl --push
#
# Named, for bake would read docker-compose.yml as well. Without NODE_IMAGE the base is a tag, which its publisher moves. The label org.opencontainers.image.base.name says which
# one an image was built on. An architecture that the builder does not have needs QEMU, or a builder of its own.

variable "VERSION" { default = "0.1.0" }
variable "REGISTRY" { default = "astrolabe" }
variable "REVISION" { default = "" }
variable "SOURCE" { default = "" }
variable "NODE_IMAGE" { default = "node:24-bookworm-slim" }

group "default" { targets = ["image"] }

target "image" {
  name      = item
  matrix    = { item = ["ingest", "mapper", "dispatcher", "console", "cli", "reference-api"] }
  target    = item
  context   = "."
  tags      = ["${REGISTRY}/${item}:${VERSION}"]
  platforms = ["linux/amd64", "linux/arm64"]
  args      = { NODE_IMAGE = NODE_IMAGE }
  labels = {
    "org.opencontainers.image.version"  = VERSION
    "org.opencontainers.image.revision" = REVISION
    "org.opencontainers.image.source"   = SOURCE
  }
  # Beside /app/sbom.cdx.json, which has the packages of npm: those of Debian, and how the image was built.
  attest = ["type=sbom", "type=provenance,mode=max"]
}
