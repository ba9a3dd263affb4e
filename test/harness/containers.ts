import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from '../../scripts/setup/lock.mjs'
import { cacheFolder } from '../../scripts/setup/python-environments.mjs'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const storage = () => join(cacheFolder(), 'containers')
// The npm of an image of Node 24 that is as old as any in use: it is stricter with the lock than later ones.
const npmVersion = '11.6.2'
const nodeName = `localhost/env-proxy-node:${process.versions.node}-${npmVersion}`

/** What podman says; it has a store of its own, so that nothing else of the machine is seen or changed. */
export const podmanArguments = (args: readonly string[]) => [
  ...['--root', join(storage(), 'store'), '--runroot', join(tmpdir(), 'env-proxy-containers')],
  ...['--cgroup-manager', 'cgroupfs', '--runtime', 'runc', ...args],
]

interface Outcome {
  readonly failed: boolean
  readonly stdout: string
  /** Both streams. */
  readonly output: string
}

function run(command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, stdout, output: `${stdout}${stderr}` })
    })
  })
}

/** Runs podman to its end. */
export const podman = (...args: readonly string[]) => run('podman', podmanArguments(args))

async function must(command: string, ...args: readonly string[]): Promise<void> {
  const { failed, output } = await run(command, args)
  if (failed) throw new Error(`${command} ${args.join(' ')}: ${output.slice(-2_000)}`)
}

const isMissing = async (name: string) => (await podman('image', 'exists', name)).failed

/** Debian as debootstrap makes it. */
async function makeDebian(name: string, release: string): Promise<void> {
  const folder = mkdtempSync(join(storage(), 'debian-'))
  try {
    await must('debootstrap', '--variant=minbase', release, join(folder, 'root'))
    for (const left of ['var/cache/apt/archives', 'var/lib/apt/lists']) rmSync(join(folder, 'root', left), { recursive: true })
    await must('tar', '--create', '--file', join(folder, 'root.tar'), '--directory', join(folder, 'root'), '.')
    await must('podman', ...podmanArguments(['import', join(folder, 'root.tar'), name]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Debian with this Node and an npm, as in the images of Node. */
async function makeNode(name: string, debian: string): Promise<void> {
  const folder = mkdtempSync(join(storage(), 'node-'))
  try {
    await must('npm', 'install', '--no-audit', '--no-fund', '--prefix', folder, `npm@${npmVersion}`)
    cpSync(process.execPath, join(folder, 'node'))
    const link = 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm'
    const steps = ['COPY node /usr/local/bin/node', 'COPY node_modules/npm /usr/local/lib/node_modules/npm', `RUN ${link}`]
    writeFileSync(join(folder, 'Dockerfile'), [`FROM ${debian}`, ...steps, ''].join('\n'))
    await must('podman', ...podmanArguments(['build', '--isolation', 'chroot', '--pull=never', '--tag', name, folder]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Build arguments that name base images which were made here, once, from packages: no registry of images is asked. */
export async function baseImages(): Promise<readonly string[]> {
  const [, release = ''] = /RUNTIME_IMAGE=debian:(\w+)-slim/.exec(readFileSync(join(checkout, 'Dockerfile'), 'utf8')) ?? []
  const debian = `localhost/env-proxy-debian:${release}`
  mkdirSync(storage(), { recursive: true })
  await withLock(join(storage(), 'bases.lock'), async () => {
    if (await isMissing(debian)) await makeDebian(debian, release)
    if (await isMissing(nodeName)) await makeNode(nodeName, debian)
  })
  return ['--build-arg', `BUILD_IMAGE=${nodeName}`, '--build-arg', `RUNTIME_IMAGE=${debian}`]
}

/** Builds the Dockerfile of a folder; steps whose inputs are the same come from the build before. */
export const buildImage = (folder: string, ...args: readonly string[]) =>
  podman('build', '--isolation', 'chroot', '--pull=never', ...args, folder)

/** Arguments of `podman run` with the least that a cluster gives: this machine's network, and nothing that can be written. */
export const runArguments = (...args: readonly string[]) => [
  ...['run', '--rm', '--network', 'host', '--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all'],
  // Raising the limits takes a right that a machine for tests may not have.
  ...['--security-opt', 'no-new-privileges', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', ...args],
]

/** Takes away what builds of a week ago left. */
export const tidyImages = () => podman('image', 'prune', '--force', '--filter', 'until=168h')
