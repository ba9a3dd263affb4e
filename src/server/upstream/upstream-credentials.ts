import { stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { Refusal } from '../../policy/reasons.ts'
import type { Config, UpstreamCredentials } from '../config/config-types.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readPasswordFile, readSecretFile } from '../config/secret-file.ts'
import type { MemoryAccount } from '../limits/memory-account.ts'
import { basicAuthorization } from '../network/basic-authorization.ts'
import type { End } from '../network/request-end.ts'
import { ServicePrincipalTokens } from './service-principal.ts'

/** The caller's credentials, where they are what the upstream is asked with. */
export interface CallerCredentials {
  readonly authorization: string | null
  /** Hears the status of MLflow's answer to the caller's own request. */
  readonly noteStatus?: (status: number) => void
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

/** Milliseconds for which a token file is taken to be unchanged. */
const trust = 1_000

/** The token in a file that others replace from time to time. A replacement that cannot be read leaves the last good token in use. */
export class TokenFile {
  readonly #file: string
  readonly #readFile: (file: string) => string
  readonly #log: Pick<Logger, 'warn'>
  readonly #clock: () => number
  #token: string | null = null
  #version = ''
  #checkedAt = Number.NEGATIVE_INFINITY
  #checking: Promise<void> | null = null
  #problem = ''

  /** `clock` counts milliseconds. */
  constructor(
    file: string,
    log: Pick<Logger, 'warn'>,
    clock: () => number = () => performance.now(),
    readFile: (file: string) => string = readSecretFile,
  ) {
    this.#readFile = readFile
    this.#file = file
    this.#log = log
    this.#clock = clock
  }

  /** The token. Throws Refusal 'upstream-unavailable' while none could be read. */
  async read(): Promise<string> {
    if (this.#clock() - this.#checkedAt >= trust) {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = null
      })
    }
    await this.#checking
    if (this.#token === null) {
      throw new Refusal(
        'upstream-unavailable',
        'The proxy cannot read its credentials for MLflow. Tell the operators of the proxy.',
      )
    }
    return this.#token
  }

  async #check(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#file)
      const version = `${mtimeMs} ${size} ${ino}`
      if (version === this.#version) return
      this.#token = this.#readFile(this.#file)
      this.#version = version
      this.#problem = ''
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error))
    } finally {
      this.#checkedAt = this.#clock()
    }
  }

  #tell(problem: string): void {
    if (problem !== this.#problem) this.#log.warn({ problem, file: this.#file }, 'the token for MLflow could not be read')
    this.#problem = problem
  }
}

/** Shows MLflow who asks; the caller's own token only where the upstream is what it is meant for. */
export interface CredentialSource {
  /** The headers of a request. */
  read(caller: CallerCredentials): Promise<Readonly<Record<string, string>>>
  /** Takes note that MLflow did not accept these headers; true where others may be had, so that asking again makes sense. */
  refuse(caller: CallerCredentials, headers: Readonly<Record<string, string>>): boolean
}

type TokenLog = Pick<Logger, 'warn'>

/** One way to get credentials. A new mode is a new case here, and a class beside this file. */
function sourceOf(credentials: UpstreamCredentials, log: TokenLog, outbound: Outbound | undefined): CredentialSource {
  switch (credentials.mode) {
    case 'none':
      return { read: async () => ({}), refuse: () => false }
    case 'passthrough':
      return { read: async ({ authorization }) => (authorization === null ? {} : { authorization }), refuse: () => false }
    case 'token':
      return bearer(new TokenFile(credentials.file, log))
    case 'basic':
      return basic(credentials.username, new TokenFile(credentials.passwordFile, log, undefined, readPasswordFile))
    case 'servicePrincipal':
      return bearer(new ServicePrincipalTokens(credentials, log, undefined, outbound))
  }
}

function bearer(tokens: { read(): Promise<string>; drop?(token: string): boolean }): CredentialSource {
  return {
    read: async () => ({ authorization: `Bearer ${await tokens.read()}` }),
    refuse: (_caller, { authorization = '' }) => tokens.drop?.(authorization.slice('Bearer '.length)) ?? false,
  }
}

function basic(username: string, password: TokenFile): CredentialSource {
  return { read: async () => ({ authorization: basicAuthorization(username, await password.read()) }), refuse: () => false }
}

/** The credentials of the configured modes: an environment's own, else everybody's. */
export function upstreamCredentials(upstream: Config['upstream'], log: TokenLog): CredentialSource {
  const { credentials, credentialsOf = {}, workspaces = {} } = upstream
  const sources = new Map<string, CredentialSource>()
  // Environments with one principal share its tokens.
  const shared = (each: UpstreamCredentials) => {
    const key = JSON.stringify(each)
    const source = sources.get(key) ?? sourceOf(each, log, upstream.outbound)
    sources.set(key, source)
    return source
  }
  const everybody = shared(credentials)
  const own = new Map(Object.entries(credentialsOf).map(([name, each]) => [name, shared(each)]))
  const of = ({ environment }: CallerCredentials) => own.get(environment ?? '') ?? everybody
  // An environment that is a workspace of the server's is asked in there, whatever is asked.
  const inWorkspace = new Map(Object.entries(workspaces).map(([name, workspace]) => [name, { 'x-mlflow-workspace': workspace }]))
  return {
    read: async (caller) => ({ ...(await of(caller).read(caller)), ...inWorkspace.get(caller.environment ?? '') }),
    refuse: (caller, headers) => of(caller).refuse(caller, headers),
  }
}
