import type { GrantContext } from '../../policy/grant.ts'
import { clientDatabricksLocation, versionLocation } from '../../policy/locations/databricks-location.ts'
import { renameModelUri } from '../../policy/names/model-uri.ts'
import { showName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { showEndpointName } from '../../policy/serving/serving-endpoints.ts'
import { clientLocation } from '../client-location.ts'
import { clientSentence } from '../errors/error-text.ts'
import type { TextMeaning } from './declaration.ts'
import { shownExperiment } from './experiment-answer.ts'
import { clientScorer, shownAs } from './gateway-answer.ts'
import { showServedModel } from './serving-answer.ts'

/** Puts a text into the caller's words. */
export type TextMapper = (text: string, context: GrantContext) => string

/** Shows a stored model's name; null for one that the caller may not see. */
export const modelNameOf = (context: GrantContext) => (name: string) =>
  showName(context.config, context.environment, 'model', name)

/** The refusal of an answer that is not understood. */
export function unknownAnswer(what: string): Refusal {
  return new Refusal(
    'unknown-answer',
    `MLflow's answer has ${what}, which this proxy does not know. Nothing of it is passed on; see the proxy's log.`,
  )
}

const experimentId: TextMapper = (id, { defaultExperimentId }) => (id === defaultExperimentId ? '0' : id)
/** Where it may be of anybody: only the caller's own. */
const ownExperimentId: TextMapper = (id, context) => {
  const { defaultExperimentId, visibleExperiments, admitted } = context
  const own = id === defaultExperimentId || visibleExperiments.has(id) || admitted.has(id)
  return own ? experimentId(id, context) : ''
}
const modelName: TextMapper = (name, context) => {
  const shown = modelNameOf(context)(name)
  if (shown === null) throw unknownAnswer('a model of nobody')
  return shown
}
const experimentName: TextMapper = (name, context) => {
  const shown = shownExperiment(name, context)
  if (shown === null) throw unknownAnswer('an experiment of nobody')
  return shown
}
/** A location as clients of the caller's kind read it. */
export const location: TextMapper = (uri, { config, mode }) => {
  if (config.kind !== 'databricks') return clientLocation(uri)
  return mode === 'databricks' ? uri : clientDatabricksLocation(uri)
}
const source: TextMapper = (uri, context) =>
  /^models:/i.test(uri) ? (renameModelUri(uri, modelNameOf(context)) ?? '') : location(uri, context)
const downloadUri: TextMapper = (uri, context) => {
  const { config, version, mode } = context
  if (config.kind !== 'databricks' || mode === 'databricks' || version === null) return source(uri, context)
  // Where the registry of a workspace keeps its copy, nobody but itself reads.
  return versionLocation(modelName(version.name, context), version.version)
}
const endpointName: TextMapper = (name, context) => {
  const shown = showEndpointName(context, name)
  if (shown === null) throw unknownAnswer('a serving endpoint of nobody')
  return shown
}
const servedModelName: TextMapper = (name, context) => showServedModel(name, context) ?? modelName(name, context)
const sentence: TextMapper = (text, context) => clientSentence(text, context) ?? ''

/** How each meaning is put into the caller's words. */
export const textMappers: Readonly<Record<TextMeaning, TextMapper>> = {
  experimentId,
  judgedExperimentId: experimentId,
  ownExperimentId,
  experimentName,
  modelName,
  location,
  source,
  downloadUri,
  sentence,
  endpointName,
  gatewayName: shownAs('gateway'),
  modelDefinitionName: shownAs('modelDefinition'),
  gatewaySecretName: shownAs('gatewaySecret'),
  scorerText: clientScorer,
  servedModelName,
}
