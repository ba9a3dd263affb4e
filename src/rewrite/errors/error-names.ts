import type { Environment } from '../../policy/environments/environment.ts'
import { usesCatalog } from '../../policy/environments/environment.ts'
import type { GrantContext } from '../../policy/grant.ts'
import { ownerOf } from '../../policy/names/names.ts'
import { escapeForRegExp, saidAmong } from './error-words.ts'

/** What stands before a key or a value that is stored under the caller's own things: it names nothing. */
const beforeData =
  /(?:\b(?:old_|new_)?value['"]?[=:] ?|\bkey['"]?[=:]? ?|\b(?:param(?:eter)?|metric|tag|attribute|column|field|alias)(?: (?:key|name))?[=:]? ?)['"`]?$/i

/** What MLflow puts before a name. */
const beforeName = /(?:\b(?:named?|model|prompt|endpoint|secret|definition)(?: (?:with )?name)?[=:]? ?['"`(]?|models:\/{1,3})$/i

const before = (text: string, at: number) => text.slice(Math.max(0, at - 60), at)

/** Whether what stands at a place of a sentence is a key or a value. */
export function isDataAt(text: string, at: number): boolean {
  return beforeData.test(before(text, at))
}

/** What stands between words. */
const between = /[\s'"`()[\]{},;:=<>/|]/

interface Spoken {
  readonly text: string
  readonly at: number
}

/** The words of a text that end in an environment's suffix. */
function suffixed(text: string, { modelSuffix }: Environment): Spoken[] {
  if (modelSuffix === '') return []
  const ends = text.matchAll(new RegExp(`${escapeForRegExp(modelSuffix)}(?![\\p{L}\\p{N}_])`, 'giu'))
  return [...ends].flatMap(({ 0: end, index }) => {
    let at = index
    while (at > 0 && !between.test(text[at - 1] ?? '')) at--
    return at < index ? [{ text: text.slice(at, index + end.length), at }] : []
  })
}

/** The texts that begin with a root of experiments, or a schema of Unity Catalog and its dot. */
function startingWith(text: string, start: string): Spoken[] {
  const pattern = new RegExp(`${escapeForRegExp(start)}[^\\s'"\`,()]*`, 'gi')
  return [...text.matchAll(pattern)].map(({ 0: found, index }) => ({ text: found.replace(/[.:;!?]$/, ''), at: index }))
}

function inSchema(text: string, { config }: GrantContext, { unityCatalogSchema }: Environment): Spoken[] {
  return usesCatalog(config) && unityCatalogSchema !== undefined ? startingWith(text, `${unityCatalogSchema}.`) : []
}

/** Whether a sentence speaks of something of another environment that the caller did not name. */
export function foreignNames(text: string, context: GrantContext): boolean {
  const { config, environment, references, said: message } = context
  const spoken = config.environments.flatMap((other) => [
    ...startingWith(text, `${other.experimentRoot}/`),
    ...(other.name === environment.name ? [] : inSchema(text, context, other)),
    ...(other.name === environment.name ? [] : suffixed(text, other).filter(({ at }) => !isDataAt(text, at))),
  ])
  const words = spoken.map((found) => found.text)
  const said = saidAmong([message, ...references.map(({ logical }) => logical)], words)
  return words.some((name) => !said.has(name))
}

/** A sentence with the environment's own models, which it knows by more than their ending, in the caller's form. */
export function ownName(text: string, context: GrantContext): string {
  const { config, environment, references, said: message } = context
  const bySuffix = suffixed(text, environment).filter(({ at }) => beforeName.test(before(text, at)))
  const named = [...bySuffix, ...inSchema(text, context, environment)].sort((a, b) => a.at - b.at)
  const said = saidAmong(
    [message, ...references.map(({ logical }) => logical)],
    named.map((found) => found.text),
  )
  return named.reduceRight((rest, { text: name, at }) => {
    const owned = said.has(name) ? null : ownerOf(config, 'model', name)
    if (owned === null || owned.owner.name !== environment.name) return rest
    return rest.slice(0, at) + owned.logical + rest.slice(at + name.length)
  }, text)
}
