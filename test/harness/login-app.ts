import type { Test } from 'tap'
import { type EntraLogin, type Person, startEntraLogin } from '../fakes/entra-login.ts'
import { type FakeUpstream, reply, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { audience, tenantId } from '../fakes/issuer.ts'
import { type InProcess, startInProcess } from './app.ts'
import { BrowserClient } from './browser-client.ts'
import { caFile, type RedisServer } from './redis.ts'

/** Where browsers find the proxy: a name of its own, so that nothing is right only because everything is 127.0.0.1. */
export const publicUrl = 'https://mlflow.example.com'

/** MLflow's page as its servers send it. */
const mlflowPage =
  '<!doctype html><html lang="en"><head><title>MLflow</title></head><body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root" class="mlflow-ui-container"></div></body></html>'

/** A proxy to which people log in, its issuer and its MLflow. */
export interface LoginApp extends InProcess {
  readonly entra: EntraLogin
  readonly upstream: FakeUpstream
  browser(): BrowserClient
  /** Starts a replica; `key` seals its cookies, by default that of the first. */
  replica(key?: string): Promise<InProcess>
}

export interface LoginAppOptions {
  readonly who: Person
  /** Below which the proxy is; by default at the root. */
  readonly basePath?: string
  readonly environments?: object
  readonly credentials?: object
  /** Of `authentication.login`, besides what is always there. */
  readonly login?: object
  readonly files?: Readonly<Record<string, string>>
  /** The rest of the configuration. */
  readonly more?: object
}

const everybody = { acc: {}, preprod: {}, prod: { production: true, promotesFrom: ['acc'] } }

/** Starts all three. */
export async function startLoginApp(options: LoginAppOptions): Promise<LoginApp> {
  const { who, environments = everybody, credentials = { mode: 'none' }, files = {}, more = {}, basePath = '' } = options
  const entra = await startEntraLogin({ publicUrl: `${publicUrl}${basePath}`, people: [who] })
  entra.who = who
  const upstream = await startFakeUpstream()
  upstream.answer = reply(200, mlflowPage, { 'content-type': 'text/html; charset=utf-8', etag: '"page"' })
  const { authority, clientId, clientSecret } = entra
  const login = {
    publicUrl: `${publicUrl}${basePath}`,
    clientId,
    clientSecretFile: 'secret',
    cookieKeyFile: 'key',
    ...options.login,
  }
  const content = {
    listen: { basePath },
    upstream: { url: upstream.url, credentials },
    authentication: { entra: { tenantId, audiences: [audience], authority }, login },
    environments,
    ...more,
  }
  const replica = (key = 'f0'.repeat(32)) => startInProcess(content, { files: { secret: clientSecret, key, ...files } })
  const running = await replica()
  entra.proxyAt = running.url
  const close = async () => {
    await running.close()
    await Promise.all([entra.close(), upstream.close()])
  }
  return { ...running, entra, upstream, replica, browser: () => new BrowserClient({ [publicUrl]: running.url }), close }
}

/** Starts it with a second replica; both end with the test. */
export async function startLoginReplicas(t: Test, options: LoginAppOptions): Promise<{ app: LoginApp; second: InProcess }> {
  const app = await startLoginApp(options)
  const second = await app.replica()
  t.teardown(async () => {
    await second.close()
    await app.close()
  })
  return { app, second }
}

/** Options with which logins are kept in a Redis server. */
export function keptInRedis({ url, password }: Pick<RedisServer, 'url' | 'password'>) {
  return {
    login: { redis: { url, passwordFile: 'password' } },
    files: { password },
    more: { tls: { caFile } },
  }
}

/** The same browser, whose next requests another replica answers. */
export function movedTo({ url }: Pick<InProcess, 'url'>, browser: BrowserClient): BrowserClient {
  const moved = new BrowserClient({ [publicUrl]: url })
  for (const [name, value] of browser.jar(publicUrl)) moved.jar(publicUrl).set(name, value)
  return moved
}
