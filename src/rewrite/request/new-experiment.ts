import { isSourceTag } from '../../policy/checks/experiments/notebook-tags.ts'
import { leadingSlashTag } from '../../policy/checks/request/tags.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { hasLeadingSlash } from '../../policy/names/names.ts'

/**
 * A new experiment as it goes upstream: with a note where its name has a leading slash, so that it comes back so. A workspace would answer
 * the id of a notebook with whatever experiment that notebook has, another environment's too: it does not get it.
 */
export function completeExperiment(said: Json | undefined, message: JsonObject, { config }: GrantContext): void {
  const tags = message.get('tags')
  const given = Array.isArray(tags) ? tags : []
  const inWorkspace = config.kind === 'databricks'
  const kept = inWorkspace ? given.filter((tag) => !(tag instanceof Map && isSourceTag(tag.get('key')))) : given
  const slash = typeof said === 'string' && hasLeadingSlash(config, said) === true
  const note = slash ? [new Map<string, Json>(Object.entries({ key: leadingSlashTag, value: 'true' }))] : []
  if (slash || kept.length < given.length) message.set('tags', [...kept, ...note])
}
