import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { stringify } from 'yaml'
import { listSurprises } from '../demo/expected.ts'
import { play } from '../demo/play.ts'
import { mlflowVersion } from '../demo/python-script.ts'
import { whyNoContainers } from '../scripts/setup/containers.mjs'
import { registerApplication, requestToken } from './fakes/entra.ts'
import { startEntraLogin } from './fakes/entra-login.ts'
import { baseImages, buildImage, podman, podmanArguments, runArguments, tidyImages } from './harness/containers.ts'
import { startMlflow } from './harness/mlflow-server.ts'
import { freePort, startProgram, waitUntilAnswers } from './harness/program.ts'
import { threeEnvironments } from './harness/proxy.ts'

const skip = whyNoContainers() ?? false
const root = fileURLToPath(new URL('..', import.meta.url))
const image = 'localhost/mlflow-env-proxy:test'
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
t.setTimeout(600_000)

t.test('the Dockerfile becomes an image that does what the demo does', { skip }, async (t) => {
  const authorities = process.env.NODE_EXTRA_CA_CERTS
  const labels = { VERSION: version, REVISION: '0123456789', SOURCE: 'https://git.example/mlflow-env-proxy' }

  const built = await buildImage(
    root,
    ...(await baseImages()),
    ...Object.entries(labels).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    // Registries may be behind a private authority here as well.
    ...(authorities === undefined ? [] : ['--secret', `id=ca,src=${authorities}`]),
    ...['--tag', image],
  )
  t.notOk(built.failed, 'it is built', { output: built.output.slice(-3_000) })
  t.teardown(() => tidyImages())
  const [{ Config: config }] = JSON.parse((await podman('image', 'inspect', image)).stdout)
  const title = 'org.opencontainers.image'
  const expected = { [`${title}.version`]: version, [`${title}.revision`]: '0123456789', [`${title}.source`]: labels.SOURCE }
  t.match(config, { User: '65532:65532', Labels: expected })
  const inside = await podman(
    ...runArguments('--entrypoint', '/bin/sh', image, '-c', 'id -u; id -g; echo x > /app/x; ls -A /run/secrets'),
  )
  t.match(inside.output, /65532\n65532\n/, 'nobody else')
  t.match(inside.output, /Read-only file system/)
  t.notMatch(inside.output, /\bca\b/, 'the authority stayed outside')

  await t.test('the code that was compiled when the image was built is used', async (t) => {
    const { failed, output } = await podman(...runArguments('--env', 'NODE_DEBUG_NATIVE=COMPILE_CACHE', image, 'check', '--help'))
    t.notOk(failed)
    const used = output.match(/V8 code cache for ESM file:\/\/\/app\/dist\/\S+ was accepted/g)
    t.ok(used !== null && used.length >= 3, `${used?.length} files`)
    t.notMatch(output, /was rejected/)
  })

  await t.test('three applications work through it with a real MLflow', async (t) => {
    const [port, adminPort] = [await freePort(), await freePort()]
    const applications = ['acc', 'preprod', 'prod'].map((name) => [name, registerApplication(`apps_${name}`)] as const)
    const publicUrl = `http://127.0.0.1:${port}`
    const registered = applications.map(([, application]) => application)
    const entra = await startEntraLogin({ publicUrl, people: [], applications: registered })
    t.teardown(() => entra.close())
    const mlflow = await startMlflow({ version: mlflowVersion })
    t.teardown(() => mlflow.close())
    const { tenantId, audience, authority } = entra
    const file = join(t.testdir({}), 'config.yaml')
    const configuration = {
      listen: { host: '127.0.0.1', port },
      admin: { host: '127.0.0.1', port: adminPort },
      upstream: { url: mlflow.url },
      authentication: { entra: { tenantId, audiences: [audience], authority } },
      environments: threeEnvironments,
      shutdown: { drainSeconds: 0 },
    }
    writeFileSync(file, stringify(configuration), { mode: 0o644 })
    const mount = `${file}:/etc/mlflow-env-proxy/config.yaml:ro`
    // Whatever ends this test, the container does not stay.
    const args = podmanArguments(runArguments('--timeout', '240', '--volume', mount, image))
    const program = startProgram('podman', args, { env: process.env })
    t.teardown(() => program.close(20_000))
    await waitUntilAnswers(`http://127.0.0.1:${adminPort}/readyz`, program, 'the image', 60)
    t.equal((await fetch(`http://127.0.0.1:${adminPort}/livez`)).status, 200)
    const tokens = Object.fromEntries(
      await Promise.all(applications.map(async ([name, each]) => [name, await requestToken(entra, each)] as const)),
    )
    const proxy = { url: publicUrl, adminUrl: `http://127.0.0.1:${adminPort}`, logs: () => program.logs(), close: program.close }
    const findings = await play({ mlflow, workspace: null, proxy, entra, tokens })
    t.strictSame(listSurprises(findings), [])
    await program.close(20_000)
    t.match(program.logs(), /"signal":"SIGTERM".*"msg":"stopping"/, 'SIGTERM reaches the program')
  })
})
