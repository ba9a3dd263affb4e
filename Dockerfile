# The image of mlflow-env-proxy: node, the program bundled with its dependencies, and nothing of the build.
# A release pins both images by digest: replace the tags here, or pass --build-arg BUILD_IMAGE=node:24-trixie-slim@sha256:...
ARG BUILD_IMAGE=node:24-trixie-slim
# Only glibc and libstdc++ are asked of it; the last stage runs no command, so an image without a shell works as well.
ARG RUNTIME_IMAGE=debian:trixie-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Without install scripts the development dependency `node` stays empty, and the build uses the image's own node.
# Behind a private certificate authority: docker build --secret id=ca,src=company-ca.pem
RUN --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/setup ./scripts/setup
COPY schema ./schema
COPY src ./src
RUN npm run build
# A start takes half its time with code that was compiled before. Node keeps it by path and user, so both are the last stage's.
RUN mkdir /app && cp -r dist schema package.json /app && install -d -o 65532 -g 65532 /app/dist/.compile-cache
WORKDIR /app
COPY examples/minimal.yaml ./
USER 65532:65532
RUN timeout 5 node dist/cli.js serve --config minimal.yaml || [ "$?" = 124 ]

FROM ${RUNTIME_IMAGE} AS runtime
# What the release is of: --build-arg VERSION=... --build-arg REVISION="$(git rev-parse HEAD)" --build-arg SOURCE=...
ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="mlflow-env-proxy" \
      org.opencontainers.image.description="A policy-enforcing reverse proxy that gives one MLflow several isolated environments" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Node brings its own certificate authorities, so no ca-certificates package is needed.
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /src/dist ./dist
COPY --from=build --chown=65532:65532 --chmod=0500 /app/dist/.compile-cache ./dist/.compile-cache
COPY schema ./schema
COPY package.json LICENSE ./
ENV NODE_ENV=production
# One pool of memory for all threads: what V8's compilers free in pools of their own would stay there, some 15 MiB.
ENV MALLOC_ARENA_MAX=1
# A number, so that Kubernetes can prove runAsNonRoot. The program writes no file: the root file system may be read-only.
USER 65532:65532
# 5000 for MLflow clients; 9464 for probes and metrics, never to be published.
EXPOSE 5000 9464
# The program drains on SIGTERM: /readyz answers 503 at once, requests in flight finish, then it exits with 0.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve", "--config", "/etc/mlflow-env-proxy/config.yaml"]
