import { findsProxyTag, leadingSlashTag } from '../../policy/checks/request/tags.ts'
import { tagPairs } from '../../policy/checks/traces/trace-tags.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { hasLeadingSlash, ownerOf, ownStored, showName } from '../../policy/names/names.ts'

/** The tag in which a workspace writes where an experiment, or its notebook, lies: the whole upstream path. */
const sourceNameTag = 'mlflow.experiment.sourceName'

/** Tags in which a client writes where its notebook lies: a path, which may be one of the environment's. */
const pathTags: ReadonlySet<string> = new Set(['mlflow.source.name', 'mlflow.databricks.notebookPath', sourceNameTag])

/** How the request itself writes an experiment's name; null where it does not name it, or by its qualified name. */
function slashSaid(name: string, { config, references }: GrantContext): boolean | null {
  const said = references.find(({ kind, upstream }) => kind === 'experiment' && upstream === name)
  return said === undefined ? null : hasLeadingSlash(config, said.logical)
}

/**
 * The context for what is said inside an experiment: its name comes back as it was written, with or without a slash before it. Who asks for
 * it by name gets it as they say it, any other as whoever named it last.
 */
export function contextOfExperiment(row: JsonObject, context: GrantContext): GrantContext {
  const name = row.get('name')
  const noted = tagPairs(row.get('tags') ?? null).some(([key, value]) => key === leadingSlashTag && value === 'true')
  const slash = typeof name === 'string' ? (slashSaid(name, context) ?? noted) : noted
  return slash ? { ...context, leadingSlash: true } : context
}

/** An experiment's stored name as the caller sees it; null for one that they may not see. */
export function shownExperiment(stored: string, context: GrantContext): string | null {
  const shown = showName(context.config, context.environment, 'experiment', stored)
  const slash = context.leadingSlash === true && ownStored(context, 'experiment', stored) !== null
  return shown !== null && slash ? `/${shown}` : shown
}

/** An experiment's tags for the caller: without the proxy's notes, and with where it lies in their own names. */
export function clientExperimentTags(tags: Json, context: GrantContext): Json {
  if (!Array.isArray(tags)) return tags
  return tags.flatMap((tag): Json[] => {
    const [key, value] = tag instanceof Map ? [tag.get('key'), tag.get('value')] : []
    if (!(tag instanceof Map) || typeof key !== 'string') return [tag]
    if (findsProxyTag(key) !== null) return []
    if (key !== sourceNameTag || typeof value !== 'string') return [tag]
    const isNobodys = ownerOf(context.config, 'experiment', value) === null
    const shown = isNobodys ? value : shownExperiment(value, context)
    return shown === null ? [] : [new Map(tag).set('value', shown)]
  })
}

/** A path of the caller's environment in their own names, as a path still; any other text as it is. */
function shownPath(key: Json | undefined, value: Json | undefined, context: GrantContext): string | null {
  if (typeof key !== 'string' || typeof value !== 'string' || !pathTags.has(key)) return null
  const owned = ownStored(context, 'experiment', value)
  return owned === null ? null : `/${owned.logical}`
}

/** Tags or metadata of anything else, as a list or as a map, with the paths in them in the caller's names. */
export function clientPaths(tags: Json, context: GrantContext): Json {
  if (tags instanceof Map)
    return new Map([...tags].map(([key, value]): [string, Json] => [key, shownPath(key, value, context) ?? value]))
  if (!Array.isArray(tags)) return tags
  return tags.map((tag) => {
    const shown = tag instanceof Map ? shownPath(tag.get('key'), tag.get('value'), context) : null
    return shown === null || !(tag instanceof Map) ? tag : new Map(tag).set('value', shown)
  })
}
