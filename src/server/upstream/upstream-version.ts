import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { describedVersions } from '../../policy/generated/messages.ts'
import { Refusal } from '../../policy/reasons.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { causeOf } from './standing.ts'
import type { Upstream } from './upstream.ts'

/** Milliseconds between two tries, while MLflow does not answer. */
const interval = 10_000

const minorOf = (version: string) => version.split('.').slice(0, 2).join('.')

/** What operators should know of the version of an MLflow server; null where it is a tested one, or a patch release of one. */
export function versionWarning(version: string): string | null {
  if (describedVersions.some((known) => minorOf(known) === minorOf(version))) return null
  return `MLflow ${version} was not tested with this proxy (tested: ${describedVersions.join(', ')}). Endpoints and fields that only this version has are refused.`
}

async function readVersion(upstream: Upstream): Promise<string | null> {
  const { status, text } = await upstream.lookUp('/version', {}, { authorization: null })
  return status === 200 && /^\d+\.\d+\.[\w.]{1,20}$/.test(text.trim()) ? text.trim() : null
}

/** Asks MLflow its version when it first answers, notes it and logs it: with a warning where it was not tested, or once where it does not answer. Databricks has none. */
export async function noteUpstreamVersion(
  upstream: Upstream,
  log: Pick<Logger, 'info' | 'warn'>,
  stop: AbortSignal,
  note: (version: string) => void = () => undefined,
): Promise<void> {
  let isFirst = true
  while (upstream.kind === 'mlflow' && !stop.aborted) {
    try {
      const version = await readVersion(upstream)
      if (version !== null) note(version)
      const warning =
        version === null
          ? 'MLflow does not report its version: is upstream.url its address, and is it 2.9 or newer?'
          : versionWarning(version)
      if (warning === null) log.info({ version }, 'MLflow answers')
      else log.warn({ version }, warning)
      return
    } catch (error) {
      // Where only callers' tokens open MLflow, the proxy has nothing to ask with.
      if (error instanceof Refusal && error.reason === 'unauthenticated') return
      if (isFirst)
        log.warn(
          { problem: error instanceof Refusal ? causeOf(error) : describeNetworkError(error) },
          'MLflow does not answer yet',
        )
      isFirst = false
      await pause(interval, undefined, { ref: false, signal: stop }).catch(() => undefined)
    }
  }
}
