import type { Findings } from '../../policy/grant.ts'
import { clientDatabricksLocation, versionLocation } from '../../policy/locations/databricks-location.ts'
import { renameModelUri } from '../../policy/names/model-uri.ts'
import { showName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { showEndpointName } from '../../policy/serving/serving-endpoints.ts'
import { clientLocation } from '../client-location.ts'
import { clientSentence } from '../errors/error-text.ts'
import type { AnswerMeaning } from './answer-fields.ts'
import { shownExperiment } from './experiment-answer.ts'
import { clientScorer, shownAs } from './gateway-answer.ts'
import { showServedModel } from './serving-answer.ts'

type TextMapper = (text: string, findings: Findings) => string

/** Shows a stored model's name; null for one that the caller may not see. */
export const modelNameOf = (findings: Findings) => (name: string) =>
  showName(findings.landscape, findings.environment, 'model', name)

/** The refusal of an answer that is not understood. */
export function unknownAnswer(what: string): Refusal {
  return new Refusal(
    'unknown-answer',
    `MLflow's answer has ${what}, which this proxy does not know. Nothing of it is passed on; see the proxy's log.`,
  )
}

const experimentId: TextMapper = (id, { defaultExperimentId }) => (id === defaultExperimentId ? '0' : id)
/** Where it may be of anybody: only the caller's own. */
const ownExperimentId: TextMapper = (id, findings) => {
  const { defaultExperimentId, visibleExperiments, admitted } = findings
  const own = id === defaultExperimentId || visibleExperiments.has(id) || admitted.has(id)
  return own ? experimentId(id, findings) : ''
}
const modelName: TextMapper = (name, findings) => {
  const shown = modelNameOf(findings)(name)
  if (shown === null) throw unknownAnswer('a model of nobody')
  return shown
}
const experimentName: TextMapper = (name, findings) => {
  const shown = shownExperiment(name, findings)
  if (shown === null) throw unknownAnswer('an experiment of nobody')
  return shown
}
/** A location as clients of the caller's kind read it. */
export const location: TextMapper = (uri, { landscape, mode }) => {
  if (landscape.kind !== 'databricks') return clientLocation(uri)
  return mode === 'databricks' ? uri : clientDatabricksLocation(uri)
}
const source: TextMapper = (uri, findings) =>
  /^models:/i.test(uri) ? (renameModelUri(uri, modelNameOf(findings)) ?? '') : location(uri, findings)
const downloadUri: TextMapper = (uri, findings) => {
  const { landscape, version, mode } = findings
  if (landscape.kind !== 'databricks' || mode === 'databricks' || version === null) return source(uri, findings)
  // Where the registry of a workspace keeps its copy, nobody but itself reads.
  return versionLocation(modelName(version.name, findings), version.version)
}
const endpointName: TextMapper = (name, findings) => {
  const shown = showEndpointName(findings, name)
  if (shown === null) throw unknownAnswer('a serving endpoint of nobody')
  return shown
}
const servedModelName: TextMapper = (name, findings) => showServedModel(name, findings) ?? modelName(name, findings)
const sentence: TextMapper = (text, findings) => clientSentence(text, findings) ?? ''

/** The meanings of single texts: tags have ways of their own. */
export type NamedMeaning = Exclude<
  AnswerMeaning,
  'tags' | 'traceTags' | 'experimentTags' | 'withheld' | 'off' | 'forAdministrators' | 'ownPart'
>

/** How each meaning is put into the caller's words. */
export const textMappers: Readonly<Record<NamedMeaning, TextMapper>> = {
  experimentId,
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
