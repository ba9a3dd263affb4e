import { type Reason, Refusal } from '../../policy/reasons.ts'
import { readOwnError } from './proxy-rejections.ts'
import { Unavailable } from './unavailable.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

/** What is known of an answer that does not have MLflow's form. */
export type WordlessAnswer = Pick<UpstreamAnswer, 'status' | 'text' | 'retryAfter' | 'server'> & { readonly contentType?: string }

/** Which component failed or gave up, by the status. The request may have been carried out. */
const failures: Readonly<Record<number, string>> = {
  408: 'A gateway between this proxy and MLflow did not wait for the request (408).',
  425: 'A gateway between this proxy and MLflow does not accept the request yet (425).',
  499: 'A gateway between this proxy and MLflow gave up the request (499).',
  500: 'MLflow failed on this request without a reason (500).',
  502: 'A gateway between this proxy and MLflow got no answer from it (502).',
  503: 'MLflow, or a gateway in front of it, accepts no requests at the moment (503).',
  504: 'A gateway between this proxy and MLflow did not wait for the answer (504).',
}

type Words = readonly [reason: Reason, message: string]

const tooManyHeaders: Words = [
  'upstream-headers-too-large',
  'A gateway between this proxy and MLflow does not accept headers of this size, usually because of a token with very many groups. Tell the operators of the proxy.',
]

/** Which component refused the request, by the status: nothing was carried out. */
const refusals: Readonly<Record<number, Words>> = {
  403: [
    'upstream-forbids',
    'A firewall or gateway between this proxy and MLflow blocks this request (403): MLflow has not received it. Tell the operators of the proxy.',
  ],
  407: [
    'upstream-refused',
    'A gateway between this proxy and MLflow requires credentials of its own (407). Tell the operators of the proxy.',
  ],
  413: [
    'upstream-too-large',
    'A gateway between this proxy and MLflow does not accept requests of this size (413). Send less at once, or have its limit raised (nginx: client_max_body_size).',
  ],
  414: [
    'upstream-uri-too-long',
    'A gateway between this proxy and MLflow does not accept addresses of this length (414). Request less at once.',
  ],
  421: ['upstream-refused', 'The server at upstream.url does not serve this host name (421). Tell the operators of the proxy.'],
  431: tooManyHeaders,
}

/** Pages that are more specific than their status. */
const pages: readonly { readonly status: number; readonly said: RegExp; readonly words: Words }[] = [
  {
    status: 400,
    said: /plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|HTTP request to an HTTPS server/i,
    words: [
      'upstream-refused',
      'The server at upstream.url requires https, but the proxy uses http. Tell the operators of the proxy.',
    ],
  },
  { status: 400, said: /Request Header Or Cookie Too Large/i, words: tooManyHeaders },
]

const elsewhere =
  'The server at upstream.url redirects this proxy, as a login page or a change from http to https would; the proxy follows no redirects. Tell the operators of the proxy.'

/** For the log: which component answered, if it says so, and nothing of its text. */
export function describeAnswer({ status, text, contentType = '', server }: WordlessAnswer): string {
  const type = /^[\w.+/-]{1,60}/.exec(contentType)?.[0] ?? 'no type'
  return `status ${status} with ${text.length} characters of ${type}${server === undefined ? '' : `, from ${server}`}`
}

function failureOf({ status, retryAfter }: WordlessAnswer, again: boolean): Refusal {
  const what = failures[status] ?? `MLflow, or a gateway in front of it, failed on this request (${status}).`
  if (again)
    return new Unavailable(
      `${what} ${status === 504 ? 'Try again later, or request less at once.' : 'Try again shortly.'}`,
      retryAfter,
    )
  return new Refusal('outcome-unknown', `${what} The request may still have been carried out: check before you send it again.`)
}

function refusalOf(answer: WordlessAnswer, again: boolean): Refusal {
  const { status, text } = answer
  if (status >= 500 || failures[status] !== undefined) return failureOf(answer, again)
  if (status < 400) return new Refusal('upstream-refused', elsewhere)
  const unknown: Words = [
    'unknown-answer',
    `MLflow, or a gateway in front of it, refused the request in a form that this proxy does not know (${status}). Tell the operators of the proxy.`,
  ]
  const page = pages.find((each) => each.status === status && each.said.test(text))
  return new Refusal(...(page?.words ?? refusals[status] ?? unknown))
}

/** Statuses whose meaning depends on the request: no such endpoint, or too many requests. */
const meant: ReadonlySet<number> = new Set([404, 405, 429])

/**
 * Throws for an error or a redirect without MLflow's form: it came from an intermediary between the proxy and MLflow, or from an
 * MLflow that failed without a message. `again`: sending the request once more has no further effect.
 */
export function refuseIntermediary(answer: WordlessAnswer, again: boolean): void {
  const { status } = answer
  if (status < 300 || status === 304 || meant.has(status)) return
  if (status >= 400 && readOwnError(answer) !== null) return
  const refusal = refusalOf(answer, again)
  refusal.cause = describeAnswer(answer)
  throw refusal
}
