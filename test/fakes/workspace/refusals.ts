import { type Answer, DatabricksError } from './answer.ts'

/** How a workspace, or what stands before it, turns a call away whatever it asks. */
export type Refusing =
  | 'trouble'
  | 'rateLimit400'
  | 'rateLimit429'
  | 'unavailable'
  | 'privateLink'
  | 'ipAccessList'
  | 'networkPolicy'
  | 'gateway502'

const html = (status: number, title: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
})

const refused = (status: number, code: string, message: string) => () => {
  throw new DatabricksError(status, code, message)
}

const answers: Readonly<Record<Refusing, (path: string, workspaceId: string) => Answer>> = {
  trouble: refused(500, 'INTERNAL_ERROR', 'The workspace is in trouble.'),
  // A limit that is told with 400 [databricks-sdk-py tests/test_errors.py]; the sentence is made up.
  rateLimit400: refused(400, 'REQUEST_LIMIT_EXCEEDED', 'Number of requests in this interval exceeds limit. Please retry later.'),
  // [SDK errors: RESOURCE_EXHAUSTED is TooManyRequests, too]; without Retry-After (fact 97).
  rateLimit429: refused(429, 'RESOURCE_EXHAUSTED', 'Too many requests. Please retry later.'),
  // [github.com/mlflow/mlflow issue 994]
  unavailable: (path) => {
    const message = `The service at ${path} is temporarily unavailable. Please try again later.`
    throw new DatabricksError(503, 'TEMPORARILY_UNAVAILABLE', message)
  },
  // [databricks-sdk-go issue 781; docs/guides/troubleshooting.md of the Terraform provider]: the number is the workspace's.
  privateLink: (_path, id) => ({
    status: 302,
    headers: { location: `/login.html?error=private-link-validation-error:${id}` },
    body: '',
  }),
  // The sentence is quoted in many public reports, with 403; that its code is this one is not written down anywhere [INF].
  ipAccessList: (_path, id) => {
    const message = `Source IP address: 203.0.113.7 is blocked by Databricks IP ACL for workspace: ${id}`
    throw new DatabricksError(403, 'PERMISSION_DENIED', message)
  },
  // The same of a private endpoint or a policy of the account, as public reports quote it.
  networkPolicy: refused(403, '403', 'Unauthorized network access to workspace: 1234567890123456'),
  gateway502: () => html(502, '502 Bad Gateway'),
}

/** The answer of a workspace that turns a call away. Throws where the answer is JSON. */
export function refusal(how: Refusing, path: string, workspaceId: string): Answer {
  return answers[how](path, workspaceId)
}

/** The workspace's own registry, in every spelling of its API. */
const registryPath =
  /^\/api\/2\.0\/mlflow\/(?:databricks\/)?(?:registered-models|model-versions|transition-requests|comments|registry-webhooks)\//

/** New accounts have the workspace's own registry disabled (since April 2024); every call of it is answered so, as public reports quote it. */
export function refuseDisabledRegistry(path: string): void {
  if (!registryPath.test(path)) return
  const message = 'The legacy workspace model registry is disabled for the current Databricks workspace.'
  throw new DatabricksError(403, 'PERMISSION_DENIED', message)
}
