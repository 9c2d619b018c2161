# A till: its page is built in the first stage, what it depends on is fetched in the second.
#   docker build -f deploy/terminal.Dockerfile -t tillcast-terminal .
# It is reached on the machine's own loopback address alone, so it takes the machine's network; what it sells is in /data, which
# has to outlive it:
#   docker run -it --rm --network host --read-only --tmpfs /tmp -v till:/data tillcast-terminal \
#     terminal activate --license EXTRO-LIFE-ABC123 --url https://pos.example.com:8443
#   docker run -d --restart unless-stopped --network host --read-only --tmpfs /tmp --stop-timeout 15 -v till:/data tillcast-terminal
FROM node:24.21.0-bookworm-slim AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN npm ci --ignore-scripts && cd packages/till-ui && node ../../node_modules/vite/bin/vite.js build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN rm -rf packages/testkit packages/*/test \
  && npm ci --omit=dev --ignore-scripts --workspace packages/cli --workspace packages/backend \
    --workspace packages/terminal --workspace packages/broker --workspace packages/protocol \
  && npm cache clean --force

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production TILLCAST_DATA_DIR=/data TILLCAST_KEY_STORE=file XDG_CONFIG_HOME=/data/settings
WORKDIR /app
COPY --from=dependencies /app /app
COPY --from=page /app/packages/till-ui/dist packages/till-ui/dist
COPY scripts/setup/run-child.mjs scripts/setup/toolchain.mjs scripts/setup/
COPY deploy/health-check.mjs deploy/
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8101
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "deploy/health-check.mjs", "/api/health", "8101"]
ENTRYPOINT ["node", "packages/cli/bin/tillcast.mjs"]
CMD ["terminal"]
