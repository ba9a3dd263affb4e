import { makePrompt, pendingAliasTag, pendingStageTag } from '../../policy/checks/request/tags.ts'
import { isLinkedPrompts } from '../../policy/checks/traces/trace-tags.ts'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { usesCatalog } from '../../policy/environments/environment.ts'
import type { Grant, GrantContext } from '../../policy/grant.ts'
import { mayNameOwn } from '../../policy/locations/experiment-locations.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { placesMeaning, rewriteAt, textMeaning, textsOf } from '../../policy/messages/message-fields.ts'
import { oncePer } from '../../policy/once-per.ts'
import { renameEntries } from '../tag-names.ts'
import { upstreamTraceTags } from '../trace-tag-names.ts'
import { type Mapper, mappers, upstreamModelName } from './mappers.ts'
import { completeExperiment } from './new-experiment.ts'
import { upstreamFilter } from './search-filter.ts'

/** The fields of an endpoint's requests that are written anew for the upstream. */
export const mappedFields = oncePer(({ fields }: OpenEndpoint): readonly (readonly [selector: string, map: Mapper])[] =>
  Object.entries(fields).flatMap(([selector, meaning]) => {
    const map = mappers[meaning]
    return map === 'as decoded' ? [] : [[selector, map] satisfies [string, Mapper]]
  }),
)

/** A version is created with a note of the stage or alias it is to get, so that what failed can be made good later. */
function completeVersion(message: JsonObject, { environment, config, sourceRunId, record }: GrantContext): void {
  if (!message.get('run_id') && sourceRunId !== null) message.set('run_id', sourceRunId)
  const tags = message.get('tags')
  const given = Array.isArray(tags) ? tags : []
  const { registrationStage, registrationAlias } = environment
  const note = usesCatalog(config) ? [pendingAliasTag, registrationAlias] : [pendingStageTag, registrationStage]
  const [key = '', value] = note
  const pending = key && value && !makePrompt(given) ? [{ key, value }] : []
  const added = [...(record ?? []), ...pending].map((tag) => new Map(Object.entries(tag)))
  if (added.length > 0) message.set('tags', [...given, ...added])
}

/** The tag that lists the prompts of a run or a version, set by itself. */
function renameSetPrompts({ endpoint, context }: Grant, message: JsonObject): void {
  const key = textMeaning(endpoint, message, 'tagKey')
  if (key === null || !isLinkedPrompts(key)) return
  for (const { value, replace } of placesMeaning(endpoint, message, 'runTag')) {
    if (typeof value === 'string' && value !== '') replace(renameEntries(value, upstreamModelName(context)))
  }
}

/** The tag that lists a trace's prompts, set by itself. */
function renameSetTag({ endpoint, context }: Grant, message: JsonObject): void {
  const [key] = placesMeaning(endpoint, message, 'traceTagKey')
  if (typeof key?.value !== 'string') return
  for (const { value, replace } of placesMeaning(endpoint, message, 'traceTag')) {
    const tags = upstreamTraceTags(new Map([[key.value, value]]), upstreamModelName(context))
    replace(tags instanceof Map ? (tags.get(key.value) ?? '') : '')
  }
}

/** What a request that makes something says besides. */
function complete({ endpoint, message: said, context }: Grant, message: JsonObject): void {
  // A data set without an experiment would be nobody's.
  if (endpoint.makes === 'dataset' && textsOf(message.get('experiment_ids') ?? []).length === 0)
    message.set('experiment_ids', [context.defaultExperimentId])
  if (endpoint.makes === 'experiment') completeExperiment(said.get('name'), message, context)
  if (endpoint.makes === 'version') completeVersion(message, context)
}

/** The granted message in upstream names and ids. The judged message itself stays as it was. */
export function upstreamMessage(grant: Grant): JsonObject {
  const { endpoint, context } = grant
  const mapped = mappedFields(endpoint).reduce(
    (message, [selector, map]) => rewriteAt(message, selector, (value) => map(value, context, grant)),
    grant.message,
  )
  const message = new Map(mapped)
  // A search of whatever experiment is one of the caller's own: what others have must not count.
  if (mayNameOwn(endpoint) && context.visibleExperiments.size > 0) message.set('experiment_ids', [...context.visibleExperiments])
  if (context.usageExperimentId !== null) message.set('experiment_id', context.usageExperimentId)
  renameSetTag(grant, message)
  renameSetPrompts(grant, message)
  complete(grant, message)
  if (endpoint.search?.nameColumn && !message.get('filter')) message.set('filter', upstreamFilter('', endpoint.search, context))
  return message
}
