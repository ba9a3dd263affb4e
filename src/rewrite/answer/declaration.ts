import type { NameKind } from '../../policy/names/name-form.ts'

/** Meanings of texts, and of numbers that are ids: each is put into the caller's words by a mapper of its own. */
export type TextMeaning =
  | 'experimentId'
  | 'judgedExperimentId'
  | 'ownExperimentId'
  | 'experimentName'
  | 'modelName'
  | 'location'
  | 'source'
  | 'downloadUri'
  | 'sentence'
  | 'endpointName'
  | 'gatewayName'
  | 'modelDefinitionName'
  | 'gatewaySecretName'
  | 'scorerText'
  | 'servedModelName'

/**
 * What a field of an answer holds, where it names something. `judgedExperimentId`: of an experiment whose owner something else has told.
 * `ownExperimentId`: may be of anybody, and is shown only where it is the caller's own. `ownPart`: a message that is left out where it is
 * another's, while what it is a part of is shown. `withheld`: left out. `off`: a feature that the proxy does not serve.
 */
export type AnswerMeaning =
  | TextMeaning
  | 'tags'
  | 'traceTags'
  | 'experimentTags'
  | 'ownPart'
  | 'withheld'
  | 'off'
  | 'forAdministrators'

/** A field that may look like a reference and is shown as it is, with the reason why that shows nothing of others. */
export interface Passed {
  readonly passes: string
}

/**
 * Whose a message of an answer is. Model names are judged by the environment whose models the request is about (`scope`), or by the caller's
 * own (`caller`). `part`: what holds it tells, and what that is.
 */
export type Owner =
  | { readonly by: 'modelName'; readonly field: string; readonly of: 'scope' | 'caller' }
  | { readonly by: 'experimentName'; readonly field: string }
  | { readonly by: 'experimentId'; readonly path: readonly string[] }
  | { readonly by: 'datasetId'; readonly field: string; readonly experiments: string }
  | { readonly by: 'gatewayName'; readonly field: string; readonly kind: NameKind }
  | { readonly by: 'gatewayEndpointId'; readonly field: string }
  | { readonly by: 'servingEndpointName'; readonly field: string }
  | { readonly by: 'servedModelName'; readonly field: string }
  | { readonly by: 'account' }
  | { readonly by: 'part'; readonly of: string }

/** The fields in which a version says whether it is in production, or the reason why it need not say so. */
type StageOfVersion = { readonly stage: string; readonly aliases: string } | { readonly untold: string }

/** All that is to be known of one message of an answer, wherever it stands: alone, in a list, or in another message. */
export interface Declaration {
  readonly owner: Owner
  /** For a message that is about one version of a model. */
  readonly stage?: StageOfVersion
  /** What tells how names inside are shown. */
  readonly inside?: 'experiment' | 'servingEndpoint'
  /** Every field that names something, or that looks as if it did. */
  readonly fields: Readonly<Record<string, AnswerMeaning | Passed>>
}

/** Declarations by the full names of their messages. */
export type Declarations = Readonly<Record<string, Declaration>>

export function passes(why: string): Passed {
  return { passes: why }
}

/** The owner of what is shown with something else. */
export function partOf(whole: string): Owner {
  return { by: 'part', of: whole }
}

/** The owner of what is in an experiment, whose id is found at this path. */
export function inExperiment(...path: string[]): Owner {
  return { by: 'experimentId', path }
}
