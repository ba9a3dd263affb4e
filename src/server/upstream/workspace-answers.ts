import type { UpstreamKind } from '../../policy/environments/environment.ts'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import { type Reason, Refusal } from '../../policy/reasons.ts'

/** What an answer of a Databricks workspace is known by. */
export interface AnswerText {
  readonly status: number
  readonly text: string
  /** Of an answer that sends elsewhere. */
  readonly location?: string
}

/** Why a workspace turns away whatever is asked, or whatever is asked of its registry. */
export interface WorkspaceRefusal {
  readonly kind: 'network' | 'registry'
  readonly fits: (answer: AnswerText) => boolean
  /** For callers. */
  readonly message: string
  /** For whoever runs the proxy. */
  readonly remedy: string
}

const reasonsOf: Readonly<Record<WorkspaceRefusal['kind'], Reason>> = { network: 'upstream-refused', registry: 'registry-absent' }

function codeOf(text: string): string | null {
  const value = parseIfJson(text)
  const code = value instanceof Map ? value.get('error_code') : undefined
  return typeof code === 'string' ? code : null
}

const says = (text: string, words: RegExp) => codeOf(text) !== null && words.test(text)

/** In which words a workspace says so is quoted in public reports, and held by test/databricks/recordings. */
const refusals: readonly WorkspaceRefusal[] = [
  {
    kind: 'network',
    fits: ({ status, location = '' }) =>
      status >= 300 &&
      status < 400 &&
      /\/login\.html\?/.test(location) &&
      /[?&]error=private-link-validation-error/.test(location),
    message: 'The Databricks workspace is behind Azure Private Link, which the network of this proxy does not reach.',
    remedy:
      "Make the workspace's name resolve to its private endpoint where the proxy runs, or let the workspace accept public connections.",
  },
  {
    kind: 'network',
    fits: ({ status, text }) => status === 403 && /is blocked by Databricks IP ACL/i.test(text),
    message: 'The IP access list of the Databricks workspace blocks this proxy.',
    remedy: "Add the proxy's address to the workspace's IP access list. The workspace's message names it.",
  },
  {
    kind: 'network',
    fits: ({ status, text }) => status === 403 && /Unauthorized network access to workspace/i.test(text),
    message: 'The Databricks workspace blocks this proxy because of its network.',
    remedy: "Check the workspace's private access settings and the account's network policies.",
  },
  {
    kind: 'registry',
    fits: ({ status, text }) => status === 403 && says(text, /workspace model registry is disabled/i),
    message:
      'The legacy workspace model registry is disabled for the current Databricks workspace: models are registered in Unity Catalog there, but this proxy is configured for the workspace registry.',
    remedy: 'Write `upstream.registry: unityCatalog`, and a `unityCatalogSchema` for each environment.',
  },
  {
    kind: 'registry',
    fits: ({ status, text }) => status >= 400 && codeOf(text) === 'METASTORE_DOES_NOT_EXIST',
    message:
      'The Databricks workspace has no Unity Catalog (no metastore is assigned to it), but this proxy is configured to register models there.',
    remedy: 'Assign a metastore to the workspace, or write `upstream.registry: workspace`.',
  },
]

/** Which of these an answer is; null: none. */
export function workspaceRefusal(answer: AnswerText): WorkspaceRefusal | null {
  return answer.status < 300 ? null : (refusals.find(({ fits }) => fits(answer)) ?? null)
}

/** Whether an answer tells of a limit in another form than 429, which all limits are then told by. */
function isLimit({ status, text }: AnswerText): boolean {
  return status >= 400 && status < 500 && codeOf(text) === 'REQUEST_LIMIT_EXCEEDED'
}

/**
 * An answer of the upstream's as the proxy goes on with it: a workspace tells its rate limits in several forms, which are one here. Throws
 * where it turned away whatever is asked: no thing that was asked for is absent, and no caller's permission is missing.
 */
export function readWorkspaceAnswer<A extends AnswerText>(kind: UpstreamKind, answer: A): A {
  if (kind !== 'databricks' || answer.status < 300) return answer
  const known = workspaceRefusal(answer)
  if (known === null) return isLimit(answer) ? { ...answer, status: 429 } : answer
  const refusal = new Refusal(reasonsOf[known.kind], `${known.message} Tell the proxy's administrators.`)
  refusal.cause = `${known.remedy} The workspace says: ${(answer.location ?? answer.text).slice(0, 300)}`
  throw refusal
}
