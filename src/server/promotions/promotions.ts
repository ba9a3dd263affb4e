import { randomBytes } from 'node:crypto'
import { absent } from '../../policy/evaluation-context.ts'
import { type PromotionRequest, printRequest, sign } from '../../policy/promotions/promotion-request.ts'
import { printRecord, promotionRequestTag } from '../../policy/promotions/promotion-tags.ts'
import { unmetDemands } from '../../policy/promotions/unmet-demands.ts'
import { Refusal } from '../../policy/reasons.ts'
import { readFound } from '../facts/look-up-answers.ts'
import { withoutSignal } from '../upstream/upstream-credentials.ts'
import { claimLife, isClaimed, refuseClaimed, writeClaim } from './claims.ts'
import { findCopy } from './copies.ts'
import { type CopyParts, copyContext, copyVersion, holdForCopy, mayComeYet } from './copy-version.ts'
import type { Case } from './promotion-case.ts'
import { readSource, type SourceVersion } from './source-version.ts'

/** How a promotion stands. */
export interface Standing {
  readonly state: 'open' | 'asked' | 'approved' | 'promoted'
  readonly request: PromotionRequest | null
  /** The number of the version in the other environment, where there is one. */
  readonly promotedAs: string | null
  /** What the version lacks, each a clause. */
  readonly unmet: readonly string[]
}

function refuse(text: string): Refusal {
  return new Refusal('promotion-refused', text)
}

function conflict(text: string): Refusal {
  return new Refusal('promotion-conflict', text)
}

/**
 * Promotions, which are kept in MLflow alone: a request as a tag of the version, and its record as tags of the copy. Every step may be taken
 * again, by any replica.
 */
export class Promotions {
  readonly #parts: CopyParts
  readonly #now: () => number

  /** `now` in milliseconds since 1970. */
  constructor(parts: CopyParts, now = Date.now) {
    this.#parts = parts
    this.#now = now
  }

  #read({ id, caller }: Case): Promise<SourceVersion> {
    return readSource(this.#parts.upstream, id, caller)
  }

  #copyOf({ stored, original, copier }: Case): Promise<string | null> {
    return findCopy(this.#parts.upstream, stored, original, copier)
  }

  /** How a promotion stands. Throws `not-found`. */
  async look(the: Case): Promise<Standing> {
    const [source, promotedAs] = [await this.#read(the), await this.#copyOf(the)]
    const request = source.request?.to === the.rule.to ? source.request : null
    const unmet = unmetDemands(the.rule, source)
    if (promotedAs !== null) return { state: 'promoted', request, promotedAs, unmet }
    return { state: request === null ? 'open' : request.approved === null ? 'asked' : 'approved', request, promotedAs, unmet }
  }

  /** Asks for a promotion; asking again changes nothing. Throws what speaks against it. */
  async ask(the: Case): Promise<Standing> {
    const { rule, id } = the
    const source = await this.#read(the)
    const { request } = source
    if (request?.to === rule.to && request.approved !== null) return this.#carryOut(the)
    if (request?.to === rule.to || (await this.#copyOf(the)) !== null) return this.look(the)
    if (request !== null)
      throw conflict(`A promotion of this version to '${request.to}' is asked for. It is decided or withdrawn first.`)
    this.#demand(the, source)
    const release = await holdForCopy(this.#parts, this.#contextOf(the), id, source)
    try {
      const asked = sign(the.principal, the.person, this.#now())
      await this.#note(the, { id: randomBytes(8).toString('hex'), to: rule.to, asked, approved: null })
    } finally {
      release()
    }
    return this.look(the)
  }

  /** Approves what somebody asked for, and carries it out. Doing so again completes what was interrupted. */
  async approve(the: Case): Promise<Standing> {
    const { rule, principal, person } = the
    const source = await this.#read(the)
    const { request } = source
    if (request === null || request.to !== rule.to) {
      if ((await this.#copyOf(the)) !== null) return this.look(the)
      throw conflict(`Nobody asks for this promotion. A caller of '${rule.from}' asks first.`)
    }
    if (request.approved !== null) return this.#carryOut(the)
    const approved = sign(principal, person, this.#now())
    if (rule.people === 2 && approved.id === request.asked.id)
      throw refuse('You asked for this promotion, and it takes two people: another approver has to approve it.')
    this.#demand(the, source)
    this.#parts.pipeline.checkAudit()
    await this.#note(the, { ...request, approved })
    return this.#carryOut(the)
  }

  /** Takes back what was asked for: by those who may ask, or by those who may approve. */
  async drop(the: Case): Promise<Standing> {
    const source = await this.#read(the)
    this.#refuseClaimed(source, null)
    this.#parts.pipeline.checkAudit()
    if (source.request?.to === the.rule.to) await this.#untag(the, promotionRequestTag)
    this.#parts.pipeline.forgetVersions()
    return this.look(the)
  }

  #demand({ rule }: Case, source: SourceVersion): void {
    const unmet = unmetDemands(rule, source)
    if (unmet.length > 0) throw refuse(`This version cannot be promoted to '${rule.to}': ${unmet.join('; ')}.`)
    if (source.tags.get('mlflow.prompt.is_prompt')?.toLowerCase() === 'true')
      throw refuse('Prompts are not promoted: register the prompt in the other environment.')
  }

  #contextOf({ from, to, principal, caller, auditRecord }: Case) {
    // What was approved is brought to its end, whoever waits for it.
    const { memory: _, ...credentials } = withoutSignal(caller)
    return copyContext({ principal, credentials, auditRecord: { ...auditRecord } }, from, to)
  }

  async #note({ id: { name, model, version }, caller, record }: Case, request: PromotionRequest): Promise<void> {
    const value = printRequest(request)
    const answer = await this.#parts.upstream.write({ tag: promotionRequestTag, value, name, version }, caller)
    if (readFound(answer) === null) throw absent.version(model, version)
    record(request)
    this.#parts.pipeline.forgetVersions()
  }

  async #untag({ id: { name, version }, caller }: Case, key: string): Promise<void> {
    readFound(await this.#parts.upstream.write({ untag: key, name, version }, caller))
  }

  #refuseClaimed(source: SourceVersion, own: string | null): void {
    const life = claimLife(this.#parts.upstream)
    if (isClaimed(source, own, this.#now(), life)) refuseClaimed(life)
  }

  /**
   * Copies an approved version, at most once: whoever begins writes a claim of their own and goes on only if there is no other. Of two, the one who
   * reads later sees both.
   */
  async #carryOut(the: Case): Promise<Standing> {
    const { upstream } = this.#parts
    const own = await writeClaim(upstream, the.id, the.caller, this.#now())
    let keeps = false
    try {
      const source = await this.#read(the)
      this.#refuseClaimed(source, own)
      const version = (await this.#copyOf(the)) ?? (await this.#copy(the, source))
      await this.#tidy(the, source, own)
      the.done(version)
    } catch (error) {
      keeps = mayComeYet(error)
      throw error
    } finally {
      this.#parts.pipeline.forgetVersions()
      if (!keeps) await this.#untag(the, own)
    }
    return this.look(the)
  }

  #copy(the: Case, source: SourceVersion): Promise<string> {
    const { id, rule, stored } = the
    const { request } = source
    if (request === null || request.approved === null || request.to !== rule.to)
      throw conflict('What was asked for has been withdrawn or declined meanwhile.')
    this.#demand(the, source)
    the.record(request)
    const { asked, approved } = request
    const record = printRecord({
      id: request.id,
      from: rule.from,
      model: id.model,
      version: id.version,
      askedBy: asked.name,
      askedAt: asked.at,
      approvedBy: approved.name,
      approvedAt: approved.at,
    })
    return copyVersion(this.#parts, this.#contextOf(the), id, { source, stored, record })
  }

  /** The request is done with, and with it the claims of those who were interrupted. */
  async #tidy(the: Case, { claims }: SourceVersion, own: string): Promise<void> {
    await this.#untag(the, promotionRequestTag)
    for (const key of claims.keys()) if (key !== own) await this.#untag(the, key)
  }
}
