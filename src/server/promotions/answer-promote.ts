import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { Refusal } from '../../policy/reasons.ts'
import { ownPageHeaders } from '../http/plain-page.ts'
import { credentialsOf } from '../http/request-context.ts'
import { isForReading } from '../http/respond.ts'
import type { CopyParts } from './copy-version.ts'
import { choicesPage, standingPage } from './promote-pages.ts'
import { type Case, type Named, openCase, roleIn } from './promotion-case.ts'
import { Promotions, type Standing } from './promotions.ts'
import { isForm, readNamed, readStep, type Step } from './read-step.ts'
import { findWaiting, type Waiting } from './waiting.ts'

function authenticatedOf({ authenticated }: FastifyRequest): Authenticated {
  if (authenticated === null) throw new Refusal('unauthenticated', 'The request has no token.')
  return authenticated
}

async function openFor({ config }: CopyParts, named: Named, request: FastifyRequest): Promise<Case> {
  const { auditRecord, browser } = request
  const person = browser?.person ?? null
  const authenticated = authenticatedOf(request)
  const credentials = credentialsOf(request, named.from)
  const the = openCase(config, named, { authenticated, person, credentials, auditRecord })
  await request.admission.enter('messages', { environment: the.from, principal: the.principal })
  auditRecord.decision = 'allow'
  return the
}

/** What a caller may do at a promotion that stands so. */
export function mayDo(
  { rule, mayAsk, isApprover, principal }: Pick<Case, 'rule' | 'mayAsk' | 'isApprover' | 'principal'>,
  { state, request }: Pick<Standing, 'state' | 'request'>,
): Readonly<Record<Step, boolean>> {
  const isOwn = request?.asked.id === `${principal.tenantId} ${principal.objectId}`
  const pending = state === 'asked' || state === 'approved'
  return {
    ask: mayAsk && (state === 'open' || state === 'approved'),
    approve: isApprover && pending && !(rule.people === 2 && isOwn && state === 'asked'),
    decline: isApprover && pending,
    withdraw: mayAsk && pending,
  }
}

const signed = (signature: { readonly name: string; readonly at: string } | null | undefined) =>
  signature == null ? null : { by: signature.name, at: signature.at }

/** One of those that wait, as programs read it. */
function describeWaiting(config: CopyParts['config'], principal: Case['principal'], waiting: Waiting) {
  const { rule, model, version, request } = waiting
  const state = request.approved === null ? 'asked' : 'approved'
  const may = mayDo({ rule, principal, ...roleIn(config, rule, principal) }, { state, request })
  const { from, to } = rule
  return { from, to, model, version, state, asked: signed(request.asked), approved: signed(request.approved), may } as const
}

/** A promotion as programs read it. */
function describe(the: Case, standing: Standing): Readonly<Record<string, unknown>> {
  const { rule, id } = the
  const { state, request, promotedAs, unmet } = standing
  return {
    from: rule.from,
    to: rule.to,
    model: id.model,
    version: id.version,
    state,
    promotedAs,
    unmet,
    id: request?.id ?? null,
    asked: signed(request?.asked),
    approved: signed(request?.approved),
    may: mayDo(the, standing),
  }
}

function send(request: FastifyRequest, reply: FastifyReply, the: Case, standing: Standing): FastifyReply {
  if (!isForReading(request)) return reply.send(describe(the, standing))
  return reply.headers(ownPageHeaders()).send(standingPage(the, standing, mayDo(the, standing)))
}

/** Answers how a promotion stands, or, where none is named, which rules the caller has to do with, and what waits by them. */
export async function answerLook(parts: CopyParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { auditRecord } = request
  Object.assign(auditRecord, { endpoint: 'promote', action: 'read' })
  const named = readNamed(request)
  if (named.to !== '' && named.model !== '' && named.version !== '') {
    const the = await openFor(parts, named, request)
    return send(request, reply, the, await new Promotions(parts).look(the))
  }
  const { config } = parts
  const { principal } = authenticatedOf(request)
  const rules = (config.promotions ?? []).filter((rule) => {
    const { isMember, isApprover } = roleIn(config, rule, principal)
    return isMember || isApprover
  })
  const source = config.environments.find(({ name }) => name === rules[0]?.from)
  if (source !== undefined) await request.admission.enter('messages', { environment: source, principal })
  const found = source === undefined ? [] : await findWaiting(parts, rules, credentialsOf(request, source.name))
  const waiting = found?.map((each) => describeWaiting(config, principal, each)) ?? null
  const mine = rules.map((rule) => {
    const { mayAsk, isApprover } = roleIn(config, rule, principal)
    const { from, to, people, requiredTags, metrics } = rule
    return { from, to, people, requiredTags, metrics, mayAsk, mayApprove: isApprover }
  })
  if (!isForReading(request)) return reply.send({ promotions: mine, waiting })
  return reply.headers(ownPageHeaders()).send(choicesPage(mine, waiting, named))
}

/** Takes one step of a promotion. */
export async function answerStep(parts: CopyParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  Object.assign(request.auditRecord, { endpoint: 'promote' })
  const { step, ...named } = await readStep(request)
  request.auditRecord.action = step === 'approve' ? 'create' : 'update'
  const the = await openFor(parts, named, request)
  const promotions = new Promotions(parts)
  const standing = await take(promotions, step, the)
  if (!isForReading(request) || !isForm(request)) return reply.send(describe(the, standing))
  return reply.redirect(`promote?${new URLSearchParams(Object.entries(named))}`, 303)
}

function take(promotions: Promotions, step: Step, the: Case): Promise<Standing> {
  const needs = step === 'ask' || step === 'withdraw' ? the.mayAsk : the.isApprover
  if (!needs) {
    const who = step === 'ask' || step === 'withdraw' ? `callers of '${the.rule.from}' who are not only its readers` : 'approvers'
    throw new Refusal('promotion-refused', `Only ${who} may ${step} a promotion to '${the.rule.to}'.`)
  }
  if (step === 'ask') return promotions.ask(the)
  return step === 'approve' ? promotions.approve(the) : promotions.drop(the)
}
