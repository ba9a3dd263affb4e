import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { type Apps, buildApps } from './app.ts'
import { type Callers, openCallers } from './auth/open-callers.ts'
import type { Config } from './config/config-types.ts'
import { readKeyFile } from './config/secret-file.ts'
import { openClients } from './databricks/open-upstream.ts'
import { Connections } from './http/connections.ts'
import { catchUnforeseen } from './http/unforeseen.ts'
import { listenOnSocket } from './http/unix-socket.ts'
import { buildAdmin } from './observability/admin-server.ts'
import { LineSink } from './observability/line-sink.ts'
import { createLog } from './observability/log.ts'
import { standardOutlet } from './observability/log-outlet.ts'
import { Metrics } from './observability/metrics.ts'
import { openAudit } from './observability/open-audit.ts'
import { PageTokens } from './pipeline/page-tokens.ts'
import { noteRegistry } from './pipeline/registry-notice.ts'
import { UpstreamWatch } from './upstream/standing.ts'
import { noteUpstreamVersion } from './upstream/upstream-version.ts'

/** Milliseconds for writing the last log lines. */
const lastWords = 2_000

/** The proxy cannot listen on its address; the message is for the operator. */
export class ListenError extends Error {}

function namesOf({ environments }: Config): readonly string[] {
  return environments.map(({ name }) => name)
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop the program that uses it, or choose another port',
  EACCES: 'this user may not use the port; choose one from 1024 on',
  EADDRNOTAVAIL: 'this machine does not have the address; choose another host',
  ENOTFOUND: 'the host name has no address; choose another one',
}

const socketProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'there is something else; stop the program that listens on it, or choose another path',
  // Node says the same of a folder that does not exist.
  EACCES: 'the folder does not exist, or this user may not write to it; create it, or choose another one',
}

async function listen(
  app: FastifyInstance,
  key: 'listen' | 'admin' | 'databricksHost',
  config: Config,
): Promise<AddressInfo | string | null> {
  const address = key === 'databricksHost' ? config.databricksHost?.listen : config[key]
  if (!address) return null
  const { host, port } = address
  const socket = key === 'listen' ? config.listen.socket : undefined
  try {
    if (socket === undefined) await app.listen({ host, port })
    else await listenOnSocket(app, socket)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const where = socket ?? `${host} port ${port}`
    const problems = socket === undefined ? listenProblems : socketProblems
    throw new ListenError(`cannot listen on ${where} (${key}): ${problems[code] ?? String(error)}`)
  }
  return app.server.address()
}

async function listenForDatabricks({ databricksHost }: Apps, config: Config) {
  return databricksHost === null ? {} : { databricksHost: await listen(databricksHost, 'databricksHost', config) }
}

/** Tells what keeps the proxy from being ready; null: nothing. */
function waitsFor(connections: Connections, apps: Apps, callers: Callers): () => string | null {
  return () => {
    if (connections.stopping) return 'the end of the requests in flight'
    if (!apps.listen.server.listening || apps.databricksHost?.server.listening === false) return 'the port for requests'
    return callers.waitsFor()
  }
}

/** The log and the audit, whose last lines are written at the end of the process. Throws ListenError. */
async function openOutput({ log: { level }, audit: settings, outbound }: Config, metrics: Metrics) {
  const logSink = new LineSink(standardOutlet(), { lost: (lines) => metrics.countLostLines(lines) })
  process.once('exit', () => logSink.flush())
  const log = createLog(level, logSink)
  try {
    const audit = await openAudit(settings, { log, logSink, metrics, outbound })
    process.once('exit', () => audit.flush())
    const end = async () => void (await Promise.all([audit.end(lastWords), logSink.end(lastWords)]))
    return { log, audit: audit.stream, end }
  } catch (error) {
    throw new ListenError(`cannot write the audit (audit.file.path): ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Listens on all ports until SIGTERM or SIGINT; then reports "not ready" at once, finishes requests in flight, and ends the process. Throws ListenError. */
export async function serve(config: Config): Promise<void> {
  const metrics = new Metrics()
  const { log, audit, end } = await openOutput(config, metrics)
  const { keyFile } = config.paging
  const tokens = new PageTokens(keyFile === null ? randomBytes(32) : readKeyFile(keyFile))
  const clients = openClients(config, log)
  const { upstream } = clients
  const watch = new UpstreamWatch(upstream, namesOf(config), config.upstream.credentialsOf)
  const connections = new Connections()
  const callers = openCallers({ config, log, ...clients, report: (issuer, reading) => metrics.noteKeys(issuer, reading) })
  const { authenticator } = callers
  const apps = buildApps({ config, log, authenticator, upstream, tokens, metrics, connections, audit })
  const admin = buildAdmin(metrics, waitsFor(connections, apps, callers), () => watch.concern() ?? callers.concern())
  const stop = new AbortController()
  const close = async () => {
    stop.abort()
    await apps.close()
    await Promise.all([admin.close(), upstream.close(), callers.close()])
  }
  try {
    const addresses = {
      admin: await listen(admin, 'admin', config),
      listen: await listen(apps.listen, 'listen', config),
      ...(await listenForDatabricks(apps, config)),
    }
    void noteUpstreamVersion(upstream, log, stop.signal)
    void noteRegistry(config, upstream, log, stop.signal)
    catchUnforeseen(log, metrics)
    log.info({ ...addresses, environments: namesOf(config) }, 'listening')
  } catch (error) {
    await close()
    throw error
  }
  const [drain, finish] = [config.shutdown.drainSeconds * 1_000, config.shutdown.finishSeconds * 1_000]
  // An uncaught error only ends its request.
  const skip: closeWithGrace.Options['skip'] = ['uncaughtException', 'unhandledRejection']
  closeWithGrace({ delay: drain + finish + lastWords, logger: log, skip }, async ({ signal }) => {
    log.info({ signal }, 'stopping')
    connections.stop()
    await pause(drain)
    connections.close()
    await close()
    await end()
  })
}
