import type { Config } from '../config/config-types.ts'
import { endOnSignal } from '../end-on-signal.ts'
import { listen } from '../http/listen.ts'
import { catchUnforeseen } from '../http/unforeseen.ts'
import { buildAdmin } from '../observability/admin-server.ts'
import { Metrics } from '../observability/metrics.ts'
import { openOutput } from '../observability/open-output.ts'
import { Hangups } from '../reload/hangups.ts'
import { type ConfigSource, reloadOn } from '../reload/reload-on.ts'
import { showStatus } from '../status/show-status.ts'
import { CallersPort } from './callers-port.ts'
import { Handout } from './handout.ts'
import type { Port } from './questions.ts'
import { SharedState } from './shared-state.ts'
import { SummedMetrics } from './summed-metrics.ts'
import { TeamStanding } from './team-standing.ts'
import { addWorkerMetrics } from './worker-metrics.ts'
import { WorkerTeam } from './worker-team.ts'

/** The ports for callers. */
function makePorts(config: Config, handout: Handout) {
  const make = (port: Port) => new CallersPort((socket) => handout.offer(port, socket))
  const [own, databricks] = [make('listen'), config.databricksHost?.listen ? make('databricksHost') : null]
  return {
    /** Gives their addresses. Throws StartError. */
    async listen() {
      const others = async () =>
        databricks === null ? {} : { databricksHost: await listen(databricks, 'databricksHost', config) }
      return { listen: await listen(own, 'listen', config), ...(await others()) }
    },
    close() {
      own.close()
      databricks?.close()
    },
  }
}

/** The workers, with what they have together: the log and the audit, the order of promotions, and the logins that have ended. */
async function openTeam(config: Config, metrics: Metrics, handout: Handout) {
  const { log, logSink, audit, end } = await openOutput(config, metrics, (problem) => void team.tell('auditProblem', problem))
  const summed = new SummedMetrics(metrics.registry)
  const state = new SharedState(() => team.workers)
  const countReplaced = addWorkerMetrics(metrics.registry, () => team.workers.filter(({ isReady }) => isReady).length)
  const team: WorkerTeam = new WorkerTeam({
    config,
    log,
    handout,
    lines: { log: (line) => logSink.write(line), audit: (line) => audit.sink.write(line) },
    start: () => ({ ...state.start(), auditProblem: audit.sink.failing }),
    answers: (worker) => state.answersTo(worker),
    began: (worker) => summed.add(worker),
    ended: (worker, unexpectedly) => {
      summed.remove(worker)
      state.forget(worker)
      if (unexpectedly) countReplaced()
    },
  })
  return { team, summed, log, end }
}

/** The port for operators. */
const adminOf = (standing: TeamStanding, team: WorkerTeam, summed: SummedMetrics) =>
  buildAdmin(
    { registry: summed },
    () => standing.waitsFor(),
    () => standing.concern(),
    team.config.admin.statusPage === 'none'
      ? null
      : async () => showStatus(await standing.status(team.config), await summed.sum()),
  )

/** Serves as `serve` of main.ts does, by several processes: this one listens, gives each connection to one of them, and holds no request. */
export async function serve(source: ConfigSource): Promise<void> {
  const { config } = source.first
  const hangups = new Hangups()
  const metrics = new Metrics()
  const handout = new Handout()
  const { team, summed, log, end } = await openTeam(config, metrics, handout)
  const standing = new TeamStanding(() => team.workers, config.workers)
  const admin = adminOf(standing, team, summed)
  const ports = makePorts(config, handout)
  try {
    const addresses = { admin: await listen(admin, 'admin', config), ...(await ports.listen()) }
    await team.start()
    catchUnforeseen(log, metrics)
    const environments = config.environments.map(({ name }) => name)
    log.info({ ...addresses, environments, workers: config.workers }, 'listening')
  } catch (error) {
    ports.close()
    await Promise.all([team.abandon(), admin.close()])
    throw error
  }
  reloadOn({ hangups, source, replace: (next) => team.reload(next), log, metrics })
  endOnSignal(config, log, {
    async stop() {
      standing.stop()
      await team.stop()
    },
    async close() {
      ports.close()
      await handout.empty()
      await team.close()
      await admin.close()
      await end()
    },
  })
  standing.start()
}
