import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { describedVersions } from '../../../src/policy/generated/messages.ts'
import { versionWarning } from '../../../src/server/upstream/upstream-version.ts'
import { startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'

t.test('tested versions and their patch releases are taken without a word, others with a warning', async (t) => {
  for (const version of [...describedVersions, '3.17.0', '3.17.9', '3.18.1', '2.9.0'])
    t.equal(versionWarning(version), null, version)
  for (const version of ['3.16.0', '3.19.0', '4.0.0', '2.8.1', '3.17'.concat('0.1'), '31.7.2']) {
    t.match(versionWarning(version), `MLflow ${version} was not tested`, version)
  }
})

const upstream = await startFakeUpstream()
const issuer = await startIssuer()
t.teardown(() => Promise.all([upstream.close(), issuer.close()]))

async function lineOf(version: string): Promise<Record<string, unknown> | undefined> {
  upstream.version = version
  const proxy = await startProxyProcess({ upstream: upstream.url, issuer })
  try {
    for (let tries = 0; tries < 100; tries++) {
      const found = proxy.lines().find((line) => String(line.msg).startsWith('MLflow '))
      if (found !== undefined) return found
      await sleep(20)
    }
    return undefined
  } finally {
    await proxy.close()
  }
}

t.test('at start the log says which MLflow answers, and warns of one that was not tested', async (t) => {
  t.match(await lineOf('3.17.2'), { level: 30, version: '3.17.2', msg: 'MLflow answers' })
  t.match(await lineOf('99.1.0'), { level: 40, version: '99.1.0', msg: /was not tested with this proxy/ })
  t.match(await lineOf('<html>'), { level: 40, msg: /does not report its version: is upstream.url its address/ })
})

t.test('at start the log says why MLflow does not answer', async (t) => {
  const proxy = await startProxyProcess({ upstream: 'http://127.0.0.1:1', issuer })
  t.teardown(() => proxy.close())
  const find = () => proxy.lines().find((line) => line.msg === 'MLflow does not answer yet')
  for (let tries = 0; tries < 100 && find() === undefined; tries++) await sleep(20)
  t.match(find(), { level: 40, problem: /nothing listens there/ })
})
