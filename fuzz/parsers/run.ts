import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Effort, Outcome, Target } from './guided.ts'
import { instrument, literals } from './instrument.ts'

const corpusFolder = fileURLToPath(new URL('../corpus', import.meta.url))

/** All targets, with instrumented sources: no module of `src` may have been loaded before. */
export async function loadTargets(): Promise<Target[]> {
  instrument()
  const modules = await Promise.all([
    import('./json-targets.ts').then(({ jsonTargets }) => jsonTargets),
    import('./text-targets.ts').then(({ textTargets }) => textTargets),
    import('./protocol-targets.ts').then(({ protocolTargets }) => protocolTargets),
    import('./message-targets.ts').then(({ messageTargets }) => messageTargets),
  ])
  return modules.flat().map((target) => ({ ...target, seeds: [...target.seeds, ...readCorpus(target.name)] }))
}

/** The kept inputs: one per line, as JSON strings whose characters are bytes. */
function readCorpus(name: string): Buffer[] {
  if (!readdirSync(corpusFolder).includes(`${name}.txt`)) return []
  const lines = readFileSync(join(corpusFolder, `${name}.txt`), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => Buffer.from(String(JSON.parse(line)), 'latin1'))
}

const line = (input: Buffer) =>
  JSON.stringify(input.toString('latin1')).replace(/[\u007f-\u00ff]/g, (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`)

/** Saves the smallest inputs that led to new branches, up to a few KiB. */
export function keepCorpus({ name, corpus }: Outcome, most = 2_000): void {
  mkdirSync(corpusFolder, { recursive: true })
  let size = 0
  const kept = corpus
    .map(line)
    .sort((a, b) => a.length - b.length)
    .filter((text) => {
      size += text.length
      return size < most
    })
  writeFileSync(join(corpusFolder, `${name}.txt`), `${[...new Set(kept)].join('\n')}\n`)
}

/** Runs one target, or all of them in turn. */
export async function fuzzParsers(effort: Effort, only: string | null, hear: (outcome: Outcome) => void): Promise<void> {
  const targets = (await loadTargets()).filter(({ name }) => only === null || name === only)
  const { searchInputs } = await import('./guided.ts')
  const share = { ...effort, milliseconds: effort.milliseconds / targets.length }
  for (const target of targets) hear(searchInputs(target, share, [...literals]))
}

/** An input as it is printed, and as it is written in a test. */
export const showInput = (input: Buffer): string =>
  input.length > 400 ? `${line(input.subarray(0, 400))}… (${input.length} bytes)` : line(input)
