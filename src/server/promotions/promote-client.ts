import { Agent, request } from 'undici'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { textIn } from '../facts/look-up-answers.ts'
import { promotePath } from '../http/login-paths.ts'
import { readBounded } from '../network/bounded-text.ts'
import { outboundConnector, throughProxy } from '../network/connector.ts'
import type { Named } from './promotion-case.ts'
import type { Step } from './read-step.ts'

/** Where the proxy is, and who asks it. */
export interface PromoteClient {
  /** Without `/env/<name>`. */
  readonly url: string
  /** Null: something on the way adds one, such as the agent. */
  readonly token: string | null
  readonly outbound: Outbound
}

/** What the proxy says of a promotion: its JSON, and whether that is no refusal. */
export interface PromoteAnswer {
  readonly done: boolean
  readonly text: string
  /** A sentence of a refusal; null for an answer. */
  readonly refusal: string | null
}

/** Milliseconds to connect, and for the whole answer: a copy may take MLflow minutes. */
const reach = 10_000
const patience = 600_000

/** Bytes. */
const longestAnswer = 1024 * 1024

/** Asks the proxy to take a step of a promotion, or (null) how it stands. Throws the network's error. */
export function askToPromote(client: PromoteClient, named: Named, step: Step | null): Promise<PromoteAnswer> {
  if (step === null) return ask(client, { method: 'GET', query: `?${new URLSearchParams({ ...named })}` }, 'state')
  return ask(client, { method: 'POST', query: '', body: JSON.stringify({ action: step, ...named }) }, 'state')
}

/** Asks the proxy what waits. Throws the network's error. */
export function askWhatWaits(client: PromoteClient): Promise<PromoteAnswer> {
  return ask(client, { method: 'GET', query: '' }, 'promotions')
}

/** `member` is in every answer that is no refusal. */
async function ask(
  { url, token, outbound }: PromoteClient,
  { query, ...how }: { readonly method: 'GET' | 'POST'; readonly query: string; readonly body?: string },
  member: string,
): Promise<PromoteAnswer> {
  const dispatcher = throughProxy(new Agent({ connect: outboundConnector(outbound, reach) }), outbound)
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  const address = `${url}${promotePath}`
  const common = { dispatcher, headers, headersTimeout: patience, bodyTimeout: patience }
  try {
    const { statusCode, body } = await request(`${address}${query}`, { ...common, ...how })
    const text = await readBounded(body, longestAnswer)
    const answer = parseIfJson(text)
    const isAnswer = statusCode === 200 && answer instanceof Map && answer.has(member)
    const refusal = isAnswer
      ? null
      : (textIn(answer, 'message') ?? `The answer (${statusCode}) is none of a proxy with promotions.`)
    return { done: isAnswer, text, refusal }
  } finally {
    await dispatcher.destroy()
  }
}
