import type { AuditedReference, GrantContext } from '../../policy/grant.ts'
import { showName } from '../../policy/names/names.ts'
import { hideInterior, ownSentence } from './error-interior.ts'
import { foreignNames, isDataAt, ownName } from './error-names.ts'
import { escapeForRegExp, saidAmong } from './error-words.ts'

/** A text that stands by itself: not a part of a longer word. */
function word(text: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escapeForRegExp(text)}(?![\\p{L}\\p{N}_])`, 'gu')
}

function replaceReference(text: string, { kind, logical, upstream }: AuditedReference, said: ReadonlySet<string>): string {
  // The id of a default experiment is a short number: only where the sentence speaks of an experiment is it one.
  if (kind === 'experiment' && /^[0-9]+$/.test(upstream)) {
    return text.replace(
      new RegExp(`(experiment[^0-9.]{0,40})${upstream}(?![0-9a-z])`, 'gi'),
      (_, before: string) => `${before}${logical}`,
    )
  }
  return text.replace(word(upstream), (whole, at: number) => (said.has(upstream) && isDataAt(text, at) ? whole : logical))
}

/**
 * A sentence of MLflow's in the caller's names; null where it may name something of another environment. What the caller said in this
 * request stays, as do words that are no names, whatever they end in.
 */
export function clientSentence(text: string, context: GrantContext): string | null {
  const { config, environment, references, said: message } = context
  const own = ownSentence(text)
  // Of many references few are spoken of, and each one takes a pattern of its own.
  const pairs = references
    .filter(({ logical, upstream }) => logical !== upstream && own.includes(upstream))
    .sort((a, b) => b.upstream.length - a.upstream.length)
  const inWorkspace = config.kind === 'databricks' ? '(?:/Workspace)?' : ''
  const inRoot = new RegExp(`${inWorkspace}${escapeForRegExp(environment.experimentRoot)}/([^\\s'",)]+)`, 'g')
  const saidPaths = saidAmong(message, [...pairs.map(({ upstream }) => upstream), ...(own.match(inRoot) ?? [])])
  const renamed = pairs.reduce((sentence, pair) => replaceReference(sentence, pair, saidPaths), own)
  const result = renamed.replace(inRoot, (whole) =>
    saidPaths.has(whole) ? whole : (showName(config, environment, 'experiment', whole) ?? whole),
  )
  return foreignNames(result, context) ? null : ownName(result, context)
}

/**
 * An error message of MLflow's in the caller's names, without the insides of the server. When something of another environment might remain
 * in it, or nothing but SQL was said, a sentence that says only what kind of error it was takes its place.
 */
export function clientErrorText(text: string, errorCode: string, context: GrantContext): string {
  const sentence = clientSentence(text, context)
  return (sentence === null ? '' : hideInterior(sentence, context)) || `MLflow refused the request (${errorCode}).`
}
