import type { UpstreamKind } from '../../policy/environments/environment.ts'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import { describeAnswer, type WordlessAnswer } from './intermediaries.ts'
import { readOwnError } from './proxy-rejections.ts'

/** How the text begins with which MLflow's basic authentication answers whoever has no credentials. */
export const notAuthenticated = 'You are not authenticated'

function isAnswer(kind: UpstreamKind, text: string): boolean {
  const value = parseIfJson(text, { allowNaN: true, maxKeys: Number.POSITIVE_INFINITY })
  return value instanceof Map && (kind === 'databricks' || value.get('experiment') instanceof Map)
}

/** Whether an answer to the open question is one that neither MLflow nor a workspace gives: another program has the address, or something in front of MLflow answers. */
export function isFromAnother(kind: UpstreamKind, answer: Pick<WordlessAnswer, 'status' | 'text'>): boolean {
  const { status, text } = answer
  if (status < 300) return status !== 200 || !isAnswer(kind, text)
  return (status === 404 || status === 405) && readOwnError(answer) === null
}

/** Whether whoever wants credentials does not say so in the words of MLflow: then it may be another program, or a gateway. */
export function isClosedByAnother(kind: UpstreamKind, answer: Pick<WordlessAnswer, 'status' | 'text'>): boolean {
  const { status, text } = answer
  return kind === 'mlflow' && status === 401 && !text.startsWith(notAuthenticated) && readOwnError(answer) === null
}

/** What came in place of MLflow's answer, for operators. */
export function describeAnother(answer: WordlessAnswer): string {
  const title = /<title>([^<]{1,80})<\/title>/i.exec(answer.text.slice(0, 20_000))?.[1]?.trim()
  return `${describeAnswer(answer)}${title === undefined || title === '' ? '' : `, the page “${title}”`}`
}
