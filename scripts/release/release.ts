// Makes what a release publishes: the package, the chart, the context of the image, the list of what is in them, all of one version.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../setup/ensure.mjs'
import { pythonOf } from '../setup/python-environments.mjs'
import { findOtherVersions } from './check-versions.ts'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const { name, version } = manifest

function run(command: string, args: readonly string[], cwd = root): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? stderr}`)
  return stdout
}

/** The package. The program is bundled with its dependencies, so it has none, and nothing of the build. */
function makePackage(target: string, work: string): void {
  const { devDependencies: _, dependencies: __, scripts: ___, ...published } = manifest
  const files: string[] = manifest.files.filter((path: string) => !path.startsWith('!'))
  for (const path of [...files, 'README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(root, path), join(work, path), { recursive: true, filter: (file) => !/\.(built-from|compile-cache)$/.test(file) })
  writeFileSync(join(work, 'package.json'), JSON.stringify(published, null, 2))
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', target], work)
}

function makeChart(target: string): void {
  const program = 'import helm_python, sys; helm_python.package(sys.argv[1], destination=sys.argv[2])'
  run(pythonOf('helm'), ['-c', program, join(root, 'helm', name), target])
}

/** What `docker build` needs, and .dockerignore lets in. */
function makeImageContext(target: string): void {
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm)
  const paths = ['Dockerfile', '.dockerignore', ...[...allowed].map(([, path = '']) => path)]
  const always = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  run('tar', [...always, '-czf', join(target, `${name}-${version}-image.tar.gz`), ...paths])
}

/**
 * CycloneDX, of what is bundled into package and image: of a lock file from which the packages of the build are taken out. (npm's own
 * `--omit dev` drops packages that a development dependency asks for as well.)
 */
function makeBillOfMaterials(target: string): void {
  const work = mkdtempSync(join(tmpdir(), 'bill-'))
  try {
    const { devDependencies: _, scripts: __, ...bundled } = manifest
    writeFileSync(join(work, 'package.json'), JSON.stringify(bundled))
    cpSync(join(root, 'package-lock.json'), join(work, 'package-lock.json'))
    run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--offline', '--no-audit', '--no-fund'], work)
    const bill = run('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'], work)
    writeFileSync(join(target, `${name}-${version}.cdx.json`), bill)
  } finally {
    rmSync(work, { recursive: true })
  }
}

function makeAll(folder: string): string[] {
  const work = mkdtempSync(join(tmpdir(), 'release-'))
  const inFolder = (kind: string) => {
    mkdirSync(join(folder, kind), { recursive: true })
    return join(folder, kind)
  }
  try {
    makePackage(inFolder('npm'), work)
    makeChart(inFolder('chart'))
    makeImageContext(inFolder('image'))
    makeBillOfMaterials(folder)
  } finally {
    rmSync(work, { recursive: true })
  }
  const files = globSync('**/*.{tgz,gz,json}', { cwd: folder }).sort()
  const sums = files.map(
    (file) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex')}  ${file}`,
  )
  writeFileSync(join(folder, 'SHA256SUMS'), `${sums.join('\n')}\n`)
  return sums
}

const revision = () => run('git', ['rev-parse', 'HEAD']).trim()

function nextSteps(folder: string): string {
  const build = `docker build --build-arg VERSION=${version} --build-arg REVISION=${revision()} --tag REGISTRY/${name}:${version} -`
  return `Nothing has been published. To publish:
  git tag v${version} && git push origin v${version}
  npm publish ${folder}/npm/${name}-${version}.tgz
  ${build} < ${folder}/image/${name}-${version}-image.tar.gz
  helm push ${folder}/chart/${name}-${version}.tgz oci://REGISTRY/charts`
}

// A dry run takes what is not committed as well, and leaves nothing behind unless it is told where.
const { values: options } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false }, out: { type: 'string' } } })
const problems = findOtherVersions(root)
if (!options['dry-run'] && run('git', ['status', '--porcelain', '--untracked-files=no']) !== '')
  problems.push('there are changes that are not committed')
if (problems.length > 0) {
  console.error(`This is no release:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
  process.exitCode = 1
} else {
  const passing = options['dry-run'] && options.out === undefined
  const folder = passing ? mkdtempSync(join(tmpdir(), 'release-')) : resolve(options.out ?? `release/${version}`)
  console.log(`${name} ${version}\n${makeAll(folder).join('\n')}`)
  if (passing) rmSync(folder, { recursive: true })
  else console.log(nextSteps(folder))
}
