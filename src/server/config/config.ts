import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { completeAudit, resolveAudit } from './config-audit.ts'
import { completeAuthentication } from './config-authentication.ts'
import { checkServerParts } from './config-checks.ts'
import { completeUpstream } from './config-credentials.ts'
import { readLandscape } from './config-environments.ts'
import { type ConfigFile, spreadEnvironments } from './config-file.ts'
import { applyOverrides } from './config-overrides.ts'
import { type Places, placeFindings } from './config-places.ts'
import { ConfigError, type ConfigPath, type Finding, isWithin } from './config-problem.ts'
import { configSchema, type SchemaNode } from './config-schema.ts'
import type { Config } from './config-types.ts'
import { validateConfig } from './config-validate.ts'
import { expandVariables } from './config-variables.ts'
import { readYaml } from './config-yaml.ts'
import { resolveFiles, resolveIssuer, resolveLogin } from './file-paths.ts'
import { isMapping, type Mapping } from './mapping.ts'
import { memoryLimit } from './memory-size.ts'
import { type Outbound, readProxySettings } from './proxy-settings.ts'
import { describeOpenError } from './secret-file.ts'

/** A configuration, and the file's keys with their defaults: to say which of them another one changes. */
export interface Loaded {
  readonly config: Config
  readonly written: ConfigFile
}

/** How a configuration is read: with the files of secrets and certificates that it names, or where they are not, to ask about its policy. */
export interface Reading {
  readonly secrets: 'here' | 'elsewhere'
}

/**
 * Reads, overrides, checks and completes the configuration; the result is frozen. Throws a `ConfigError` with every problem at once.
 * Relative paths in the file start at the file's folder.
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv, reading?: Reading): Config {
  return readConfig(file, env, reading).config
}

/** As `loadConfig`, with what was written. */
export function readConfig(file: string, env: NodeJS.ProcessEnv, { secrets }: Reading = { secrets: 'here' }): Loaded {
  const { data, places, findings, unread } = readData(file, configSchema, env)
  const validation = validateConfig(data)
  const within = (ancestors: readonly ConfigPath[]) => (finding: Finding) =>
    ancestors.some((path) => isWithin(finding.path, path))
  findings.push(...validation.findings.filter((finding) => !within(unread)(finding)))
  if (validation.file === null) throw new ConfigError(file, placeFindings(findings, places))
  // What an issuer needs is unknown without its kind.
  const standIns = [...validation.replaced, ...unread].map((path) =>
    path[1] === 'issuers' && path[3] === 'kind' ? path.slice(0, 3) : path,
  )
  const content = resolvePaths(validation.file, dirname(resolve(file)))
  const { config, findings: landscapeFindings } = readLandscape(content, standIns)
  const proxies = readProxySettings(env)
  findings.push(...proxies.findings)
  const ofServer = checkServerParts(content, env).filter(({ ofSecret }) => secrets === 'here' || ofSecret !== true)
  findings.push(...[...ofServer, ...landscapeFindings].filter((finding) => !within(standIns)(finding)))
  if (findings.length > 0) throw new ConfigError(file, placeFindings(findings, places))
  const complete = deepFreeze(completeConfig(content, config, outboundOf(content, proxies.settings), env))
  return { config: complete, written: content }
}

interface ReadData {
  readonly data: Mapping
  readonly places: Places
  readonly findings: Finding[]
  /** Places whose text could not be read, because a variable is not set. */
  readonly unread: readonly ConfigPath[]
}

/** The file with its variables replaced and with what the environment overrides. */
function readData(file: string, schema: SchemaNode, env: NodeJS.ProcessEnv): ReadData {
  const { data: written, places, syntax, findings } = readYaml(readBytes(file))
  if (syntax.length > 0) throw new ConfigError(file, syntax)
  const { data, findings: unset } = expandVariables(written ?? {}, schema, env)
  if (!isMapping(data)) {
    const message = 'the file is not a map of keys; write for example `upstream: { url: http://127.0.0.1:5001 }`'
    throw new ConfigError(file, placeFindings([{ path: [], message }], places))
  }
  spreadEnvironments(data, places)
  const overrides = applyOverrides(data, schema, env, places)
  const still = unset.filter((finding) => placeFindings([finding], places)[0]?.variable === null)
  return { data, places, findings: [...findings, ...overrides, ...still], unread: still.map(({ path }) => path) }
}

/** The content of a file. Throws ConfigError. */
export function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigError(file, [{ path: '', line: 0, column: 0, variable: null, message: describeOpenError(file, error) }])
  }
}

function resolvePaths(file: ConfigFile, folder: string): ConfigFile {
  const { keyFile } = file.paging
  const { identity, graph, login, issuers } = file.authentication
  const { caFile } = file.tls
  const {
    listen,
    upstream: { clientCertificate },
  } = file
  const absolute = <T extends object>(part: T) => resolveFiles(part, folder)
  const environments = Object.entries(file.environments).map(([name, entry]) => {
    const { credentials } = entry
    return [name, credentials === undefined ? entry : { ...entry, credentials: absolute(credentials) }]
  })
  return {
    ...file,
    listen: { ...listen, ...(listen.tls === undefined ? {} : { tls: absolute(listen.tls) }) },
    upstream: {
      ...file.upstream,
      credentials: absolute(file.upstream.credentials),
      ...(clientCertificate === undefined ? {} : { clientCertificate: absolute(clientCertificate) }),
    },
    authentication: {
      ...file.authentication,
      ...(identity === undefined ? {} : { identity: absolute(identity) }),
      ...(graph?.credentials === undefined ? {} : { graph: { ...graph, credentials: absolute(graph.credentials) } }),
      ...(login === undefined ? {} : { login: resolveLogin(login, folder) }),
      issuers: issuers.map((issuer) => resolveIssuer(issuer, folder)),
    },
    environments: Object.fromEntries(environments),
    tls: { caFile: caFile === null ? null : resolve(folder, caFile) },
    paging: { keyFile: keyFile === null ? null : resolve(folder, keyFile) },
    audit: resolveAudit(file.audit, folder),
  }
}

function outboundOf({ tls: { caFile } }: ConfigFile, proxies: Omit<Outbound, 'caFile'>): Outbound | undefined {
  const isPlain = caFile === null && proxies.httpProxy === null && proxies.httpsProxy === null
  return isPlain ? undefined : { ...proxies, caFile }
}

function completeConfig(file: ConfigFile, config: PolicyConfig, outbound: Outbound | undefined, env: NodeJS.ProcessEnv): Config {
  const {
    listen,
    admin,
    databricksHost,
    paging,
    unknownFields,
    shutdown,
    trustedProxies,
    audit,
    tracing,
    reload,
    adoption,
    log,
    workers,
  } = file
  const { memory, messages, bytes, models, leastRate } = file.limits
  return {
    listen: { ...listen },
    admin: { ...admin },
    ...(databricksHost === undefined ? {} : { databricksHost: completeDatabricksHost(databricksHost) }),
    upstream: completeUpstream(file, outbound, env),
    ...(outbound === undefined ? {} : { outbound }),
    authentication: completeAuthentication(file, env),
    ...config,
    workers,
    limits: { memory: memoryLimit(memory), messages, bytes, models, leastRate },
    paging: { keyFile: paging.keyFile },
    unknownFields,
    shutdown: { drainSeconds: shutdown.drainSeconds, finishSeconds: shutdown.finishSeconds },
    trustedProxies,
    audit: completeAudit(audit),
    ...(tracing === undefined ? {} : { tracing }),
    reload: { watchSeconds: reload.watchSeconds },
    adoption: { countAtStart: adoption.countAtStart },
    log: { level: log.level },
  }
}

function completeDatabricksHost({
  listen,
  hostNames,
}: NonNullable<ConfigFile['databricksHost']>): NonNullable<Config['databricksHost']> {
  return {
    listen: listen === undefined ? null : { host: listen.host, port: listen.port },
    hostNames: hostNames.map(({ name, environment }) => (environment === undefined ? { name } : { name, environment })),
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
