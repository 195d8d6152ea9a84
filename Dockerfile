# syntax=docker/dockerfile:1
ARG NODE_VERSION=24

# Builds with every package, then keeps those that the server runs with.
FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /srv/scopegate
COPY package.json package-lock.json ./
RUN npm ci --workspaces=false --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ormconfig.ts ./
COPY scripts/build.mjs scripts/console-types.mjs scripts/
COPY src src
COPY libs libs
COPY demo demo
COPY console console
COPY docs/openapi.json docs/
RUN npm run build && rm -rf dist/demo && npm prune --workspaces=false --omit=dev --no-audit --no-fund

FROM node:${NODE_VERSION}-bookworm-slim
ARG VERSION=unreleased
LABEL org.opencontainers.image.title="Scopegate" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /srv/scopegate
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 SCOPEGATE_DATA_DIR=/data
RUN mkdir /data && chown node:node /data
COPY --from=build /srv/scopegate/package.json ./
COPY bin bin
COPY scripts/start.mjs scripts/usage.mjs scripts/build.mjs scripts/console-types.mjs scripts/
COPY --from=build /srv/scopegate/node_modules node_modules
COPY --from=build /srv/scopegate/dist dist
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# No npm in between: SIGTERM reaches the server, which then finishes what is under way.
CMD ["bin/scopegate"]
