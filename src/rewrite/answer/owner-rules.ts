import { managesProduction } from '../../policy/evaluation-context.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { idIn, textsOf } from '../../policy/messages/message-fields.ts'
import { ownerOf, ownStored } from '../../policy/names/names.ts'
import { accountProblem } from '../../policy/serving/external-model.ts'
import { showEndpointName } from '../../policy/serving/serving-endpoints.ts'
import type { Declaration, Owner } from './declaration.ts'
import { showServedModel } from './serving-answer.ts'
import { isInProductionRow } from './version-rows.ts'

export type IsVisible = (row: JsonObject, context: GrantContext) => boolean

/** A rule about the text in a field: whatever else stands there is nobody's. */
const byText =
  (field: string, isOwn: (text: string, context: GrantContext) => boolean): IsVisible =>
  (row, context) => {
    const text = row.get(field)
    return typeof text === 'string' && isOwn(text, context)
  }

function byExperimentId(path: readonly string[]): IsVisible {
  const above = path.slice(0, -1)
  const field = path.at(-1) ?? ''
  return (row, { visibleExperiments, admitted }) => {
    let place: Json | undefined = row
    for (const step of above) place = place instanceof Map ? place.get(step) : undefined
    const id = place instanceof Map ? idIn(place, field) : null
    return id !== null && (visibleExperiments.has(id) || admitted.has(id))
  }
}

/** A new data set is told by its experiments, any other by what was found out of them. */
const byDatasetId =
  (field: string, experiments: string): IsVisible =>
  (row, { visibleExperiments, admitted }) => {
    if (admitted.has(idIn(row, field) ?? '')) return true
    const ids = textsOf(row.get(experiments) ?? [])
    return ids.length > 0 && ids.every((id) => visibleExperiments.has(id))
  }

/** What is served without a model's name names nothing of anybody. */
const byServedModel =
  (field: string): IsVisible =>
  (row, context) => {
    const name = row.get(field) ?? ''
    if (context.inSharedEndpoint === true || name === '') return true
    return typeof name === 'string' && showServedModel(name, context) !== null
  }

/** Of what others made for the caller an account may name more than is the caller's. */
const byAccount: IsVisible = (row, context) => context.inSharedEndpoint !== true && accountProblem(context, row) === null

function ruleOf(owner: Owner): IsVisible | null {
  switch (owner.by) {
    case 'modelName': {
      const judge = (context: GrantContext) => (owner.of === 'scope' ? context.scope : context.environment).name
      return byText(owner.field, (name, context) => ownerOf(context.config, 'model', name)?.owner.name === judge(context))
    }
    case 'experimentName':
      return byText(owner.field, (name, { config, scope }) => ownerOf(config, 'experiment', name)?.owner.name === scope.name)
    case 'experimentId':
      return byExperimentId(owner.path)
    case 'datasetId':
      return byDatasetId(owner.field, owner.experiments)
    case 'gatewayName':
      return byText(owner.field, (name, context) => ownStored(context, owner.kind, name) !== null)
    case 'gatewayEndpointId':
      return byText(owner.field, (id, { admitted }) => admitted.has(id))
    case 'servingEndpointName':
      return byText(owner.field, (name, context) => showEndpointName(context, name) !== null)
    case 'servedModelName':
      return byServedModel(owner.field)
    case 'account':
      return byAccount
    case 'part':
      return null
  }
}

/** Whether the caller may see a row, as its declaration tells; null for what has no owner of its own. */
export function visibility({ owner, stage }: Declaration): IsVisible | null {
  const isOwn = ruleOf(owner)
  if (stage === undefined || 'untold' in stage) return isOwn
  return (row, context) =>
    (isOwn === null || isOwn(row, context)) && (managesProduction(context.environment) || !isInProductionRow(stage, row, context))
}
