# The backend: Node runs its TypeScript as it stands, so there is no build stage.
FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "packages/cli/bin/tillcast.mjs"]
CMD ["server"]
