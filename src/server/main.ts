import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { buildAdmin } from './admin.ts'
import { buildApp } from './app.ts'
import { createAuthenticator } from './authenticate.ts'
import type { Config } from './config-types.ts'
import { KeySource } from './key-source.ts'
import { Metrics } from './metrics.ts'
import { PageTokens } from './page-tokens.ts'
import { Upstream } from './upstream.ts'

/** Milliseconds. Between "not ready" and the end of listening, load balancers take the proxy out. */
const grace = { drain: Number(process.env['MLFLOW_ENV_PROXY_DRAIN_MS'] ?? 5_000), finish: 300_000 } as const

async function pageKey(keyFile: string | null): Promise<Uint8Array> {
  return keyFile === null ? randomBytes(32) : readFile(keyFile)
}

/** Listens on both ports until SIGTERM or SIGINT; then is not ready at once, finishes what is in flight, and returns. */
export async function serve(config: Config): Promise<void> {
  const log = pino({ level: config.log.level, base: null, redact: ['authorization', '*.authorization', 'headers.authorization'] })
  const metrics = new Metrics()
  const { entra } = config.authentication
  const keys = new KeySource({
    entra,
    report: ({ keys: count, problem }) => {
      metrics.noteKeys(count)
      if (problem !== null) log.warn({ problem, keys: count }, 'the signing keys could not be read')
    },
  })
  const upstream = new Upstream(config.upstream)
  const tokens = new PageTokens(await pageKey(config.paging.keyFile))
  const app = buildApp({ config, log, authenticator: createAuthenticator({ entra, keys }), upstream, tokens, metrics })
  let stopping = false
  const admin = buildAdmin(metrics, () =>
    stopping ? 'the end of the requests in flight' : keys.ready ? null : "the issuer's signing keys",
  )
  await admin.listen({ ...config.admin })
  await app.listen({ ...config.listen })
  log.info({ listen: config.listen, admin: config.admin, environments: config.environments.map(({ name }) => name) }, 'listening')
  closeWithGrace({ delay: grace.drain + grace.finish, logger: log }, async ({ err }) => {
    if (err) log.error({ err }, 'stopping after an error')
    stopping = true
    await pause(grace.drain)
    await app.close()
    await Promise.all([admin.close(), upstream.close(), keys.close()])
  })
}
