import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { environmentsOf } from '../../policy/environments/choose-environment.ts'
import type { Environment, PolicyConfig } from '../../policy/environments/environment.ts'
import { ownPageHeaders, plainPage } from './plain-page.ts'
import { environmentOf } from './request-hooks.ts'

/** The page for callers in several environments who opened none. Names are ASCII letters, digits and dashes by the schema. */
export function choicePage(environments: readonly Environment[], base: string): string {
  const links = environments.map(({ name, production }) => {
    const mark = production ? ' <span class="production">production</span>' : ''
    return `<li><a href="${base}env/${name}/"><strong>${name}</strong>${mark}</a></li>`
  })
  return plainPage('Which environment?', `<ul class="choices">${links.join('')}</ul>`)
}

/** Shows a page to choose an environment if a person opens the UI without one. Returns whether the page was sent. */
export function askWhich(config: PolicyConfig, request: FastifyRequest, reply: FastifyReply): boolean {
  const mine = request.authenticated === null ? [] : environmentsOf(config, request.authenticated.principal)
  if (request.raw.url?.startsWith('/env/') === true || mine.length < 2) return false
  Object.assign(request.auditRecord, { endpoint: 'getUiPage', reason: 'environment-not-chosen' })
  reply.code(300).headers(ownPageHeaders()).send(choicePage(mine, ''))
  return true
}

/** The UI's addresses are relative: below `/env/<name>` they need a final slash. */
export function addEntrance(app: FastifyInstance, config: PolicyConfig, basePath: string): void {
  app.get('/env/:environment(^.+$)', async (request, reply) => {
    request.auditRecord.endpoint = 'getUiPage'
    const environment = environmentOf(config, request)
    request.auditRecord.environment = environment
    return reply.redirect(`${basePath}/env/${environment.name}/`, 308)
  })
}
