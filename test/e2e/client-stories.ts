import type { Test } from 'tap'
import { mlflowVersions } from '../../scripts/python-environments.mjs'
import { startIssuer, type TestIssuer } from '../support/issuer.ts'
import { startMlflow } from '../support/mlflow-server.ts'
import { startProxy } from '../support/proxy.ts'
import { type ClientRun, runPythonClient } from '../support/python-client.ts'

const stories = process.env.CLIENT_STORIES?.split(',') ?? ['fluent', 'searches', 'isolation', 'promotion', 'command-line']

// To log a model or list artifacts, clients from 3.0 on ask for logged models, which older servers do not have, with or without a proxy.
function storiesOf(clientVersion: string, serverVersion: string): string[] {
  const needsNewServer = clientVersion.startsWith('3.') && !serverVersion.startsWith('3.')
  return needsNewServer ? stories.filter((story) => ['searches', 'isolation'].includes(story)) : stories
}

/** The versions that a client story is told in: $CLIENT_VERSIONS (with commas) during development, else all. */
const clientVersions = process.env.CLIENT_VERSIONS?.split(',') ?? mlflowVersions

const objectIds = { acc: 'a', preprod: 'b', prod: 'c', both: 'd' }

async function makeTokens(issuer: TestIssuer): Promise<Record<string, string>> {
  const tokens: Record<string, string> = {}
  for (const [who, letter] of Object.entries(objectIds)) {
    const oid = `00000000-0000-4000-8000-${letter.repeat(12)}`
    const roles = who === 'both' ? ['apps_acc', 'apps_prod'] : [`apps_${who}`]
    tokens[who] = await issuer.token({ oid, sub: oid, roles })
  }
  return tokens
}

function report(t: Test, { assertions, completed, output }: ClientRun) {
  for (const { name, state, note } of assertions) {
    if (state === 'skipped') t.pass(name, { skip: note })
    else t.ok(state === 'passed', name, state === 'passed' ? {} : { note })
  }
  t.ok(completed && assertions.length > 0, 'the script runs to its end', completed ? {} : { output: output.slice(-2000) })
}

/** Runs `work` on every item, two at a time in the given order; each result can be awaited by itself. */
function inPairs<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result>[] {
  const results: Promise<Result>[] = []
  for (const [i, item] of items.entries()) {
    const earlier = results[i - 2]
    results.push(
      earlier
        ? earlier.then(
            () => work(item),
            () => work(item),
          )
        : work(item),
    )
  }
  return results
}

/**
 * Every client version tells every story against one server of `serverVersion`, through one proxy.
 * With $CLIENT_DIRECT the clients talk to MLflow itself: what then fails is a mistake in the story.
 */
export async function tellClientStories(t: Test, serverVersion: string): Promise<void> {
  t.setTimeout(15 * 60_000)
  const direct = process.env.CLIENT_DIRECT !== undefined
  const upstream = await startMlflow({ version: serverVersion })
  t.teardown(() => upstream.close())
  const issuer = await startIssuer()
  t.teardown(() => issuer.close())
  const proxy = direct ? null : await startProxy({ upstream: upstream.url, issuer })
  if (proxy) t.teardown(() => proxy.close())
  const tokens = await makeTokens(issuer)
  const context = { serverVersion, upstream: proxy ? upstream.url : null, tokens }
  const uri = proxy?.url ?? upstream.url
  const newestFirst = [...clientVersions].reverse()
  const runs = inPairs(newestFirst, (version) => {
    const args = storiesOf(version, serverVersion)
    return runPythonClient({ version, script: 'stories.py', args, uri, context, timeoutSeconds: 600 })
  })
  for (const [i, version] of newestFirst.entries()) {
    await t.test(`client ${version} and server ${serverVersion}`, async (t) => {
      const run = await runs[i]
      if (run) report(t, run)
    })
  }
}
