# Every process of the pipeline, one target each; they share all layers but the last.
#
#   docker build --target ingest --tag astrolabe/ingest .
#
# Targets: ingest, mapper, dispatcher, console, cli, and reference-api (the Astrolabe API's reference, for trying things out).
# The sources run as they are: there is no build step, and nothing but production dependencies is installed. For a release,
# docker-bake.hcl builds all of them for two architectures, with the base pinned by its digest.

ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
# Manifests only, so that this layer is rebuilt when a dependency changes and not when a source does.
COPY package.json package-lock.json .npmrc ./
COPY schemas/package.json schemas/
COPY packages/json/package.json packages/json/
COPY packages/kafka/package.json packages/kafka/
COPY packages/ledger/package.json packages/ledger/
COPY packages/operations/package.json packages/operations/
COPY packages/processing/package.json packages/processing/
COPY packages/records/package.json packages/records/
COPY packages/replay/package.json packages/replay/
COPY packages/segment/package.json packages/segment/
COPY packages/service-kit/package.json packages/service-kit/
COPY packages/tracing/package.json packages/tracing/
COPY services/ingest/package.json services/ingest/
COPY services/mapper/package.json services/mapper/
COPY services/dispatcher/package.json services/dispatcher/
COPY services/console/package.json services/console/
COPY reference/astrolabe-api/package.json reference/astrolabe-api/
COPY cli/package.json cli/
RUN --mount=type=cache,target=/root/.npm \
  npm ci --omit=dev --workspace=services/ingest --workspace=services/mapper --workspace=services/dispatcher \
    --workspace=services/console --workspace=reference/astrolabe-api --workspace=cli

# What npm has installed, as CycloneDX. Without the devDependencies in the manifests, which npm would miss.
FROM dependencies AS sbom
RUN npm pkg delete devDependencies --workspaces --include-workspace-root \
  && npm sbom --omit=dev --sbom-format=cyclonedx --sbom-type=application > /sbom.cdx.json

FROM ${NODE_IMAGE} AS runtime
ARG NODE_IMAGE
# Revision and source come from docker-bake.hcl: a label that changes with every commit would build each layer again.
LABEL org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.base.name="${NODE_IMAGE}"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app ./
COPY --from=sbom /sbom.cdx.json ./
COPY LICENSE ./
COPY schemas schemas
COPY packages packages
# What Node makes of the sources, filled for each service below: a start needs half the processor time with it.
ENV NODE_COMPILE_CACHE=/app/compile-cache
RUN install --directory --owner=node --group=node /app/compile-cache
USER node

FROM runtime AS service
# Health and metrics have no authentication: do not publish this port beyond the network that scrapes it.
ENV ADMIN_HOST=0.0.0.0 ADMIN_PORT=9464
EXPOSE 9464
# The slim image has no curl. Ready means that what the service depends on answers, not only that the process lives.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ADMIN_PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

FROM service AS ingest
LABEL org.opencontainers.image.title="Astrolabe ingest" \
  org.opencontainers.image.description="Takes Segment events over HTTP and stores them on Kafka."
ENV INGEST_HOST=0.0.0.0 INGEST_PORT=3100 CONNECTORS_FILE=/etc/astrolabe/connectors.json
EXPOSE 3100
COPY services/ingest services/ingest
RUN ["node", "--input-type=module", "--eval", "await import('/app/services/ingest/src/app.ts')"]
CMD ["node", "services/ingest/src/main.ts"]

FROM service AS mapper
LABEL org.opencontainers.image.title="Astrolabe mapper" \
  org.opencontainers.image.description="Turns stored Segment events into commands for Astrolabe."
ENV CONNECTORS_FILE=/etc/astrolabe/connectors.json
COPY services/mapper services/mapper
RUN ["node", "--input-type=module", "--eval", "await import('/app/services/mapper/src/app.ts')"]
CMD ["node", "services/mapper/src/main.ts"]

FROM service AS dispatcher
LABEL org.opencontainers.image.title="Astrolabe dispatcher" \
  org.opencontainers.image.description="Delivers commands to the Astrolabe API."
ENV CONNECTORS_FILE=/etc/astrolabe/connectors.json DISPATCHER_LEDGER_DIRECTORY=/data/ledger
COPY services/dispatcher services/dispatcher
RUN ["node", "--input-type=module", "--eval", "await import('/app/services/dispatcher/src/app.ts')"]
# A volume takes over the owner of the folder that it is mounted on.
USER root
RUN install --directory --owner=node --group=node /data
USER node
VOLUME ["/data"]
CMD ["node", "services/dispatcher/src/main.ts"]

FROM service AS console
LABEL org.opencontainers.image.title="Astrolabe console" \
  org.opencontainers.image.description="The operator's console of the pipeline."
# On every address of the container, so a log-in is needed: CONSOLE_LOGIN.
ENV CONSOLE_HOST=0.0.0.0 CONSOLE_PORT=3400 CONNECTORS_FILE=/etc/astrolabe/connectors.json
EXPOSE 3400
COPY services/console services/console
RUN ["node", "--input-type=module", "--eval", "await import('/app/services/console/src/app.ts')"]
CMD ["node", "services/console/src/main.ts"]

FROM runtime AS cli
LABEL org.opencontainers.image.title="astrolabe" \
  org.opencontainers.image.description="The operator's command of the pipeline."
ENV CONNECTORS_FILE=/etc/astrolabe/connectors.json
COPY cli cli
ENTRYPOINT ["node", "cli/astrolabe.js"]
CMD ["--help"]

FROM runtime AS reference-api
LABEL org.opencontainers.image.title="Astrolabe reference API" \
  org.opencontainers.image.description="A reference of the Astrolabe API, for trying things out."
ENV ASTROLABE_API_HOST=0.0.0.0 ASTROLABE_API_PORT=3200 ASTROLABE_API_DATABASE=/data/astrolabe.sqlite
COPY reference reference
# A volume takes over the owner of the folder that it is mounted on.
USER root
RUN install --directory --owner=node --group=node /data
USER node
VOLUME ["/data"]
EXPOSE 3200
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ASTROLABE_API_PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "reference/astrolabe-api/src/main.ts"]
