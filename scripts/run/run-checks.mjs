// Checks format, lint, imports between folders, unused code, types, and that every generated file is up to date.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../setup/ensure.mjs'

const knowsCheck = (name) => readFileSync(join(root, 'scripts', 'generate', name), 'utf8').includes('--check')
const generators = readdirSync(join(root, 'scripts', 'generate')).filter(
  (name) => /^generate-.*\.ts$/.test(name) && knowsCheck(name),
)
const colors = process.stdout.isTTY ? [] : ['--colors=off']
const checks = [
  { name: 'format and lint', command: ['biome', 'ci', '--diagnostic-level=warn', ...colors, '.'], repair: 'npm run format' },
  { name: 'regular expressions', command: ['node', 'scripts/run/check-patterns.ts'], repair: null },
  { name: 'borders and circles', command: ['depcruise', '--config', '.dependency-cruiser.mjs', 'src'], repair: null },
  { name: 'unused files, exports and dependencies', command: ['knip', '--no-progress'], repair: null },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'], repair: null },
  ...generators.map((name) => ({
    name,
    command: ['node', `scripts/generate/${name}`, '--check'],
    repair: `npm run generate -- ${name.slice('generate-'.length, -'.ts'.length)}`,
  })),
]

let failed = 0
for (const { name, command, repair } of checks) {
  const started = Date.now()
  const [program, ...args] = command
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  const isOk = status === 0
  console.log(`${isOk ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (isOk) continue
  failed += 1
  console.log(`${error?.message ?? `${stdout}${stderr}`}${repair ? `To repair: ${repair}` : ''}`)
}
process.exitCode = failed > 0 ? 1 : 0
