# Parley on its embedded defaults; `docker run parley serve --config FILE` for others.
FROM node:20-bookworm-slim AS build
WORKDIR /parley
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
# Chinese and other languages besides English are spoken with it.
RUN apt-get update && apt-get install -y --no-install-recommends espeak-ng && rm -rf /var/lib/apt/lists/*
WORKDIR /parley
COPY --from=build /parley/package.json ./
COPY --from=build /parley/node_modules ./node_modules
COPY --from=build /parley/dist ./dist
COPY --from=build /parley/config ./config
COPY --from=build /parley/templates ./templates
COPY --from=build /parley/adapters ./adapters
# The log of chat sessions and deployed trees.
RUN mkdir data && chown node:node data
VOLUME /parley/data
USER node
ENTRYPOINT ["node", "/parley/dist/gateway/main.js"]
CMD ["serve"]
