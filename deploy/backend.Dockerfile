# The backend, and the `tillcast` command. Node runs its TypeScript as it stands, so nothing is built: the first stage fetches
# what it depends on, without npm's cache and tools in the image.
#   docker build -f deploy/backend.Dockerfile -t tillcast-backend .
# It runs as nobody's user on a file system that may be read-only (a tmpfs at /tmp is enough), and stops within 10 s of SIGTERM.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN rm -rf packages/testkit packages/till-ui packages/*/test \
  && npm ci --omit=dev --ignore-scripts --workspace packages/cli --workspace packages/backend \
    --workspace packages/terminal --workspace packages/broker --workspace packages/protocol \
  && npm cache clean --force

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app /app
COPY scripts/setup/run-child.mjs scripts/setup/toolchain.mjs scripts/setup/
COPY deploy/health-check.mjs deploy/
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "deploy/health-check.mjs", "/health", "8080"]
ENTRYPOINT ["node", "packages/cli/bin/tillcast.mjs"]
CMD ["server"]
