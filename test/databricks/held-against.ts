import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Fields, objectOf, objectsOf, texts } from './call.ts'

/** An answer of a real workspace, as somebody published it. */
export interface Recording {
  readonly name: string
  readonly asked: string
  readonly names: Fields
  readonly status: number
  /** Of an answer that sends elsewhere. */
  readonly location: string | null
  readonly answer: Fields
  /** Fields that the publication leaves out. */
  readonly also: readonly string[]
}

/** What was answered now. */
export interface Given {
  readonly status: number
  readonly location: string | null
  readonly answer: Fields
}

const folder = join(import.meta.dirname, 'recordings')

/** All recordings, by the names of their files. */
export function readRecordings(): ReadonlyMap<string, Recording> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return new Map(
    files.map((file) => {
      const fields = objectOf(JSON.parse(readFileSync(join(folder, file), 'utf8')))
      if (!String(fields.source ?? '')) throw new Error(`${file} does not say where it is from`)
      const name = file.replace(/\.json$/, '')
      const recording: Recording = {
        name,
        asked: String(fields.asked),
        names: objectOf(fields.names),
        status: Number(fields.status),
        location: typeof fields.location === 'string' ? fields.location : null,
        answer: objectOf(fields.answer),
        also: texts(fields, 'also'),
      }
      return [name, recording]
    }),
  )
}

/** Writes one text in the place of another, but where it is the end of a longer word (`core:2.0:User`). */
const standsAlone = (name: string, kind: string) => (_found: string, offset: number, whole: string) =>
  /[\w:]$/.test(whole.slice(0, offset)) ? name : kind

/** A text without what differs from workspace to workspace: names by what they name, ids and numbers by their form. */
function formOf(text: string, names: Fields): string {
  const longestFirst = Object.entries(names).sort(([a], [b]) => b.length - a.length)
  return longestFirst
    .reduce((rest, [name, kind]) => rest.replaceAll(name, standsAlone(name, `<${String(kind)}>`)), text)
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g, '<hex>')
    .replaceAll(/[0-9]+/g, '<number>')
}

/** Rows with keys as an object by them: their order means nothing. */
function byKey(rows: readonly unknown[]): unknown {
  const objects = objectsOf(rows)
  if (rows.length === 0 || !objects.every((row) => typeof row.key === 'string')) return rows
  return Object.fromEntries(objects.map((row) => [row.key, row.value]))
}

/** The form of every field, by its path. An empty list or text is a field that is not there, as protobuf has it. */
function formsOf(value: unknown, names: Fields, path = ''): [string, string][] {
  if (Array.isArray(value) && byKey(value) === value) return value.flatMap((item) => formsOf(item, names, `${path}[]`))
  if (typeof value !== 'object' || value === null) {
    return value === '' ? [] : [[path, typeof value === 'string' ? formOf(value, names) : typeof value]]
  }
  const members = Object.entries(Array.isArray(value) ? objectOf(byKey(value)) : objectOf(value))
  return members.flatMap(([key, member]) => formsOf(member, names, path === '' ? key : `${path}.${key}`))
}

const print = ([path, form]: [string, string]) => `${path}: ${form}`

/** What in an answer is other than in a recording, one sentence each. `names`: what stands in the answer for what the recording names. */
export function differences(recording: Recording, given: Given, names: Fields): readonly string[] {
  const recorded = formsOf(recording.answer, recording.names)
  const ours = formsOf(given.answer, names)
  const known = new Set(recorded.map(print))
  const has = new Set(ours.map(print))
  const left = (path: string) =>
    recording.also.some((also) => path === also || path.startsWith(`${also}.`) || path.startsWith(`${also}[`))
  const outside = [
    [`status ${recording.status}`, `status ${given.status}`],
    [`location ${formOf(recording.location ?? '', {})}`, `location ${formOf(given.location ?? '', {})}`],
  ].flatMap(([want, got]) => (want === got ? [] : [`${want} was recorded, and not ${got}`]))
  const missing = recorded.filter((each) => !has.has(print(each))).map((each) => `${print(each)} was recorded`)
  const more = ours.filter((each) => !known.has(print(each)) && !left(each[0])).map((each) => `${print(each)} was not recorded`)
  return [...outside, ...missing, ...more]
}
