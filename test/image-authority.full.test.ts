import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { whyNoContainers } from '../scripts/setup/containers.mjs'
import { baseImages, buildImage, podman, runArguments } from './harness/containers.ts'
import { listen } from './harness/listen.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const certificate = (name: string) => join(root, 'test', 'fixtures', 'certificates', name)
const [name, version] = ['from-the-company', '1.0.0']

/** A registry with one package, whose certificate a private authority signed. */
async function startRegistry(t: Test): Promise<string> {
  const folder = t.testdir({ package: { 'package.json': JSON.stringify({ name, version }) } })
  await promisify(execFile)('tar', ['-C', folder, '-czf', join(folder, 'package.tgz'), 'package'])
  const tls = { key: readFileSync(certificate('server.key')), cert: readFileSync(certificate('server.pem')) }
  const server = createServer(tls, (request, response) => {
    if (request.url?.endsWith('.tgz')) return void response.end(readFileSync(join(folder, 'package.tgz')))
    const found = { name, version, dist: { tarball: `${registry}/package.tgz` } }
    response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: found } }))
  })
  const registry = `https://127.0.0.1:${await listen(server)}`
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return registry
}

/** A folder with what the Dockerfile copies, whose program has one package, of that registry. */
function layCheckout(folder: string, registry: string): void {
  for (const path of [
    'Dockerfile',
    '.dockerignore',
    'tsconfig.json',
    'tsconfig.build.json',
    'LICENSE',
    'scripts/setup',
    'schema',
  ])
    cpSync(join(root, path), join(folder, path), { recursive: true })
  for (const path of ['src', 'examples']) mkdirSync(join(folder, path))
  writeFileSync(join(folder, 'src', 'cli.js'), 'setInterval(() => {}, 1_000)\n')
  writeFileSync(join(folder, 'examples', 'minimal.yaml'), '{}\n')
  writeFileSync(join(folder, '.npmrc'), `registry=${registry}\nfetch-retries=0\naudit=false\nfund=false\n`)
  const described = { name: 'checkout', version, dependencies: { [name]: version } }
  const scripts = { build: 'mkdir dist && cp src/cli.js dist && ls node_modules' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...described, type: 'module', scripts }))
  const packages = { '': described, [`node_modules/${name}`]: { version } }
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...described, lockfileVersion: 3, requires: true, packages }))
}

t.test(
  'the build trusts a private authority that is given as a secret, and no other',
  { skip: whyNoContainers() ?? false },
  async (t) => {
    t.setTimeout(400_000)
    const folder = t.testdir({})
    layCheckout(folder, await startRegistry(t))
    const tag = 'localhost/env-proxy-stranger:test'
    t.teardown(() => podman('image', 'rm', '--force', tag))
    const build = async (...args: string[]) => buildImage(folder, ...(await baseImages()), '--no-cache', '--tag', tag, ...args)
    t.match(await build(), { failed: true, output: /npm ci[\s\S]*(certificate|CERT)/ })
    const trusting = await build('--secret', `id=ca,src=${certificate('ca.pem')}`)
    t.match(trusting, { failed: false, output: new RegExp(`^${name}$`, 'm') }, 'the package was installed')
    const [, line = ''] = readFileSync(certificate('ca.pem'), 'utf8').split('\n')
    const search = `ls dist/cli.js; grep -rlF '${line}' /app /etc /run /usr/local; true`
    t.equal(
      (await podman(...runArguments('--entrypoint', '/bin/sh', tag, '-c', search))).stdout,
      'dist/cli.js\n',
      'it is not in the image',
    )
  },
)
