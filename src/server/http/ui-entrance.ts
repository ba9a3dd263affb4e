import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { environmentsOf } from '../../policy/environments/choose-environment.ts'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { plainPage, plainPageHeaders } from './plain-page.ts'
import { environmentOf } from './request-hooks.ts'

/** The page for callers in several environments who opened none. Names are ASCII letters, digits and dashes by the schema. */
function choicePage(names: readonly string[]): string {
  const links = names.map((name) => `<li><a href="env/${name}/">${name}</a></li>`).join('')
  return plainPage(`<p>Which environment?</p><ul>${links}</ul>`)
}

/** Shows a page to choose an environment if a person opens the UI without one. Returns whether the page was sent. */
export function askWhich(config: PolicyConfig, request: FastifyRequest, reply: FastifyReply): boolean {
  const names =
    request.authenticated === null ? [] : environmentsOf(config, request.authenticated.principal).map(({ name }) => name)
  if (request.raw.url?.startsWith('/env/') === true || names.length < 2) return false
  Object.assign(request.auditRecord, { endpoint: 'getUiPage', reason: 'environment-not-chosen' })
  reply.code(300).headers(plainPageHeaders).send(choicePage(names))
  return true
}

/** The UI's addresses are relative: below `/env/<name>` they need a final slash. */
export function addEntrance(app: FastifyInstance, config: PolicyConfig): void {
  app.get('/env/:environment(^.+$)', async (request, reply) => {
    request.auditRecord.endpoint = 'getUiPage'
    const environment = environmentOf(config, request)
    request.auditRecord.environment = environment
    return reply.redirect(`/env/${environment.name}/`, 308)
  })
}
