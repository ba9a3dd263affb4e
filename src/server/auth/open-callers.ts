import type { Logger } from 'pino'
import type { Config } from '../config/config-types.ts'
import { nameIssuer } from '../config/describe-issuers.ts'
import { type IssuerSettings, originOf, workspaceIssuer } from '../config/issuer-settings.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type Authenticator, createAuthenticator } from './authenticate.ts'
import { withDirectory } from './directory.ts'
import { withOrigin } from './issuer.ts'
import type { KeyReading, KeySource } from './key-source.ts'
import { openDirectory } from './open-directory.ts'
import { openIssuer, watchKeys } from './open-issuer.ts'
import { TokenReviewClient } from './token-review-client.ts'
import { TokenReviews } from './token-reviews.ts'
import { WorkspaceCallers } from './workspace-callers.ts'

/** What opens the client of a workspace that is not the upstream, for its callers' own tokens. */
type OpenWorkspace = (url: string) => Pick<Upstream, 'askWho' | 'close'>

export interface CallerParts {
  readonly config: Config
  readonly upstream: Pick<Upstream, 'askWho'>
  readonly openWorkspace: OpenWorkspace
  readonly log?: Pick<Logger, 'warn' | 'info' | 'error'>
  /** Milliseconds, for what is remembered of callers; left out: the process's own. */
  readonly clock?: () => number
  /** Hears of every reading of an issuer's keys. */
  readonly report?: (issuer: string, reading: KeyReading) => void
  /** Hears whether a token was known. */
  readonly noteCache?: (cache: 'tokens', hit: boolean) => void
}

const silent = () => undefined
const noLog = { warn: silent, info: silent, error: silent }

/** A part by which callers are known; `concern` is null where it is well. */
export interface CallersHealth {
  readonly part: string
  readonly concern: string | null
}

/** Everything that tells who calls. */
export interface Callers {
  readonly authenticator: Authenticator
  /** When every issuer was asked for its keys once, and the directory for names. */
  readonly tried: Promise<unknown>
  /** What keeps everybody out, or null. One issuer that is down keeps only its own callers out, once it was asked. */
  waitsFor(): string | null
  /** Each issuer and the directory, and what operators should know of it, or null. */
  health(): readonly CallersHealth[]
  close(): Promise<void>
}

/** The workspaces that are asked about their callers' tokens, each opened once. */
class Workspaces {
  readonly #parts: CallerParts
  readonly #callers = new Map<string, WorkspaceCallers>()
  readonly #opened: Pick<Upstream, 'close'>[] = []

  constructor(parts: CallerParts) {
    this.#parts = parts
  }

  of(workspace: string): WorkspaceCallers {
    const known = this.#callers.get(workspace) ?? this.#open(workspace)
    this.#callers.set(workspace, known)
    return known
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((each) => each.close()))
  }

  #open(workspace: string): WorkspaceCallers {
    const { config, upstream, openWorkspace, clock } = this.#parts
    const time = clock === undefined ? {} : { clock }
    const url = workspaceIssuer(workspace)
    const { kind, url: own } = config.upstream
    if (kind === 'databricks' && new URL(own).origin === workspace)
      return new WorkspaceCallers({ url, askWho: (token) => upstream.askWho(token), ...time })
    const client = openWorkspace(workspace)
    this.#opened.push(client)
    return new WorkspaceCallers({ url, askWho: (token) => client.askWho(token), ...time })
  }
}

/** Opens the issuers of a configuration, the directory and the workspaces that are asked about callers. */
export function openCallers(parts: CallerParts): Callers {
  const { config, upstream, log = noLog, clock, noteCache } = parts
  const { issuers, databricksTokens } = config.authentication
  const workspaces = new Workspaces(parts)
  const sources = issuers.map((settings) => {
    const name = nameIssuer(settings)
    const keys = watchKeys(settings, config.outbound, (reading) => hear(parts, name, reading))
    return { name, settings, keys, reviews: openReviews(parts, name, settings) }
  })
  const callersOf = (workspace: string) => workspaces.of(workspace)
  const opened = sources.map(({ settings, keys, reviews }) =>
    openIssuer(settings, keys, originOf(settings.kind, settings.groupPrefix, issuers), { callersOf, reviews }),
  )
  const directory = openDirectory(config, upstream, log, clock)
  const personal = databricksTokens === undefined ? {} : { personal: askPersonal(config, databricksTokens, workspaces) }
  const { requiredGroups } = config
  return {
    authenticator: withDirectory(createAuthenticator({ issuers: opened, ...personal, noteCache }), directory, requiredGroups),
    tried: Promise.all([...sources.map(({ keys }) => keys.refresh()), directory?.tried?.()]),
    waitsFor: () => waitFor(sources.map(({ keys }) => keys)),
    health: () => [
      ...sources.map((source) => ({ part: source.name, concern: keyConcern(source) ?? source.reviews?.concern() ?? null })),
      ...(directory === null ? [] : [{ part: 'Directory of groups', concern: directory.concern?.() ?? null }]),
    ],
    close: async () => {
      await Promise.all([
        ...sources.flatMap(({ keys, reviews }) => [keys.close(), reviews?.close()]),
        directory?.close?.(),
        workspaces.close(),
      ])
    },
  }
}

/** What asks the API server of a cluster about its tokens, where the configuration wants that. */
function openReviews({ config, log = noLog, clock }: CallerParts, name: string, settings: IssuerSettings) {
  if (settings.kind !== 'kubernetes' || settings.tokenReview === undefined) return undefined
  const client = new TokenReviewClient(name, settings.tokenReview, config.outbound)
  const report = (problem: string) => log.warn({ issuer: name, problem }, 'the API server could not be asked about tokens')
  return new TokenReviews({ name, client, report, clock })
}

function hear({ log = noLog, report }: CallerParts, issuer: string, reading: KeyReading): void {
  const { keys, problem } = reading
  report?.(issuer, reading)
  if (problem !== null) log.warn({ issuer, problem, keys }, 'the signing keys could not be read')
}

/** Who holds a personal access token, with the groups as that workspace's other callers have them. */
function askPersonal({ authentication: { issuers } }: Config, workspace: string, workspaces: Workspaces) {
  const own = issuers.find((settings) => settings.kind === 'databricks' && settings.workspace === workspace)
  const origin = originOf('databricks', own?.groupPrefix ?? '', issuers)
  return async (token: string) => withOrigin(await workspaces.of(workspace).personal(token), origin)
}

function waitFor(sources: readonly KeySource[]): string | null {
  return sources.every(({ tried }) => tried) && sources.some(({ ready }) => ready) ? null : "the issuer's signing keys"
}

/** Known keys stay valid during an issuer's outage, but operators should know of it. */
function keyConcern({ name, keys }: { readonly name: string; readonly keys: KeySource }): string | null {
  if (!keys.ready) return `the signing keys of ${name} could not be read: its callers are turned away`
  return keys.staleFor === null
    ? null
    : `the signing keys of ${name} could not be read for ${keys.staleFor} s; known ones are used`
}
