import type { Logger } from 'pino'
import type { Config, UpstreamCredentials } from '../config/config-types.ts'
import type { AskedFor, CredentialSource } from '../credentials/credential-source.ts'
import { openCredentials } from '../credentials/open-credentials.ts'
import type { MemoryAccount } from '../limits/memory-account.ts'
import type { End } from '../network/request-end.ts'
import { whenReady } from '../network/when-ready.ts'

/** The caller's credentials, where they are what the upstream is asked with. */
export interface CallerCredentials extends AskedFor {
  /** Hears the status of MLflow's answer to the caller's own request, and the id that MLflow gave it. */
  readonly noteStatus?: (status: number, requestId?: unknown) => void
  /** Headers by which the caller follows the request; undefined: none. */
  readonly ids?: Readonly<Record<string, string>> | undefined
  /** The environment in which the caller is; each may have credentials of its own. */
  readonly environment?: string
  /** What of answers is in memory is counted there. */
  readonly memory?: MemoryAccount
  /** Aborted when nobody waits for the answer any more: what was not sent is not sent then, and what is only read is given up. */
  readonly signal?: End
}

/** The same caller for what has to be brought to its end, whoever waits for it. */
export function withoutSignal({ signal: _, ...caller }: CallerCredentials): CallerCredentials {
  return caller
}

/** Authenticates a caller's requests to the upstream, by the environment in which the caller is. */
export interface UpstreamCredentialSource extends CredentialSource {
  read(caller: CallerCredentials): ReturnType<CredentialSource['read']>
  refuse(caller: CallerCredentials, headers: Readonly<Record<string, string>>): boolean
}

/** The credentials of the configured modes: an environment's own, else everybody's. */
export function upstreamCredentials(upstream: Config['upstream'], log: Pick<Logger, 'warn'>): UpstreamCredentialSource {
  const { credentials, credentialsOf = {}, workspaces = {} } = upstream
  const sources = new Map<string, CredentialSource>()
  // Environments with one principal share its tokens.
  const shared = (each: UpstreamCredentials) => {
    const key = JSON.stringify(each)
    const source = sources.get(key) ?? openCredentials(each, { log, outbound: upstream.outbound })
    sources.set(key, source)
    return source
  }
  const everybody = shared(credentials)
  const own = new Map(Object.entries(credentialsOf).map(([name, each]) => [name, shared(each)]))
  const of = ({ environment }: CallerCredentials) => own.get(environment ?? '') ?? everybody
  // An environment that is a workspace of the server's is asked in there, whatever is asked.
  const inWorkspace = new Map(Object.entries(workspaces).map(([name, workspace]) => [name, { 'x-mlflow-workspace': workspace }]))
  return {
    read: (caller) => {
      const workspace = inWorkspace.get(caller.environment ?? '')
      const own = of(caller).read(caller)
      return workspace === undefined ? own : whenReady(own, (headers) => ({ ...headers, ...workspace }))
    },
    refuse: (caller, headers) => of(caller).refuse(caller, headers),
  }
}
