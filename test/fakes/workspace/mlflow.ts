import { type Answer, DatabricksError } from './answer.ts'
import { type Call, type Fields, objectOf } from './call.ts'

/** The real MLflow server behind the workspace. */
export interface Mlflow {
  /** Sends a call on as it came, or with other fields, and gives back the answer with Databricks' locations in it. */
  forward(call: Call, fields?: Fields): Promise<Answer>
  /** Asks on the workspace's own behalf. Throws MLflow's refusal. */
  ask(method: string, path: string, fields?: Fields): Promise<Fields>
}

const locations =
  /"(artifact_uri|artifact_location|root_uri|source|storage_location|mlflow\.artifactLocation)":\s*"mlflow-artifacts:\/+([^"]*)"/g
const locationTag = /("key":\s*"mlflow\.artifactLocation",\s*"value":\s*)"mlflow-artifacts:\/+([^"]*)"/g

/** Where Databricks keeps what MLflow keeps at a path of its store (facts 41 and 43). */
export function managedLocation(storePath: string): string {
  const path = storePath.replace(/^(\d+)\/models\//, '$1/logged_models/').replace(/^(\d+)\/traces\//, '$1/')
  return `dbfs:/databricks/mlflow-tracking/${path}`
}

/** MLflow's JSON with Databricks' locations (fact 45). It is the text that changes, so that no number is written anew. */
function withManagedLocations(body: string): string {
  return (
    body
      .replaceAll(locations, (_all, key: string, path: string) => `"${key}": "${managedLocation(path)}"`)
      // Of MLflow's own workspaces, which Databricks does not have [recordings/experiment.json].
      .replaceAll(/,\s*"workspace":\s*"default"/g, '')
      .replaceAll(locationTag, (_all, key: string, path: string) => `${key}"${managedLocation(path)}"`)
  )
}

function queryOf(fields: Fields): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) query.append(name, String(item))
  }
  return query.size > 0 ? `?${query}` : ''
}

async function send(url: string, method: string, body: string | Buffer | null): Promise<Answer> {
  const headers = body === null ? {} : { 'content-type': 'application/json' }
  const bytes = body === null ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }
  const response = await fetch(url, { method, headers, ...bytes })
  const answer = withManagedLocations(await response.text())
  return { status: response.status, headers: { 'content-type': response.headers.get('content-type') ?? '' }, body: answer }
}

/** The fields of a JSON answer. Throws DatabricksError where the answer is a refusal. */
export function fieldsOf({ status, body }: Answer): Fields {
  const fields = objectOf(JSON.parse(String(body) || '{}'))
  if (status < 400) return fields
  throw new DatabricksError(status, String(fields.error_code ?? 'INTERNAL_ERROR'), String(fields.message ?? body))
}

/** Speaks with the MLflow server at a URL; it has to keep artifacts at `mlflow-artifacts:/`. */
export function makeMlflow(url: string): Mlflow {
  const ask = (method: string, path: string, fields: Fields) =>
    method === 'GET'
      ? send(`${url}${path}${queryOf(fields)}`, method, null)
      : send(`${url}${path}`, method, JSON.stringify(fields))
  return {
    forward(call, fields) {
      // MLflow itself reads no query of a DELETE (fact 2).
      const asItCame = fields === undefined && !(call.method === 'DELETE' && call.search !== '')
      if (!asItCame) return ask(call.method, call.path, fields ?? call.fields)
      return send(`${url}${call.path}${call.search}`, call.method, call.method === 'GET' ? null : call.body)
    },
    ask: async (method, path, fields = {}) => fieldsOf(await ask(method, path, fields)),
  }
}
