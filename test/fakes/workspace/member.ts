import { type TestIssuer, tenantId } from '../issuer.ts'
import { databricksClaims } from './authenticate.ts'
import { type Fields, objectOf } from './call.ts'
import type { NewMember } from './directory.ts'
import type { Workspace } from './start-workspace.ts'

/** What a member got for an answer. */
export interface Given {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Of a JSON answer. */
  readonly fields: Fields
  /** `error_code` of a refusal, `OK` else. */
  readonly code: string
}

/** A member of a workspace who asks for things. */
export interface TestMember {
  readonly name: string
  readonly token: string
  ask(method: string, path: string, fields?: Fields): Promise<Given>
}

function jsonOf(text: string): Fields {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return {}
  }
}

/** Sends one request to a workspace: fields as query of GET, HEAD and DELETE, as JSON else. */
export async function askWorkspace(
  url: string,
  method: string,
  path: string,
  fields: Fields,
  token: string | null,
): Promise<Given> {
  const asQuery = ['GET', 'HEAD', 'DELETE'].includes(method)
  const query = asQuery ? new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])) : ''
  const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), 'content-type': 'application/json' }
  const body = asQuery ? {} : { body: JSON.stringify(fields) }
  const response = await fetch(`${url}${path}${String(query) === '' ? '' : `?${query}`}`, {
    method,
    headers,
    redirect: 'manual',
    ...body,
  })
  const text = await response.text()
  const given = jsonOf(text)
  return { status: response.status, headers: response.headers, text, fields: given, code: String(given.error_code ?? 'OK') }
}

/** Adds a member to a workspace and gets a token for it, as Entra gives one for Azure Databricks. */
export async function joinWorkspace(
  workspace: Workspace,
  issuer: TestIssuer,
  member: NewMember & { name: string },
): Promise<TestMember> {
  workspace.add(member)
  const token = await issuer.token(databricksClaims(member, tenantId))
  return {
    name: member.name,
    token,
    ask: (method, path, fields = {}) => askWorkspace(workspace.url, method, path, fields, token),
  }
}
