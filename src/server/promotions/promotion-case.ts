import { environmentsOf, isApprover, isReader } from '../../policy/environments/choose-environment.ts'
import type { Environment } from '../../policy/environments/environment.ts'
import { absent } from '../../policy/evaluation-context.ts'
import type { Authenticated } from '../../policy/identity/claims.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import { ownerOf, resolveName } from '../../policy/names/names.ts'
import type { PromotionRequest } from '../../policy/promotions/promotion-request.ts'
import { type PromotionRule, promotionRule } from '../../policy/promotions/promotion-rule.ts'
import type { Config } from '../config/config-types.ts'
import type { AuditRecord } from '../observability/audit-record.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { VersionId } from './source-version.ts'

/** What a caller says of a promotion. */
export interface Named {
  readonly from: string
  readonly to: string
  readonly model: string
  readonly version: string
}

/** One promotion, and who has to do with it. */
export interface Case {
  readonly rule: PromotionRule
  readonly from: Environment
  readonly to: Environment
  readonly id: VersionId
  /** The name of the model in the other environment, as MLflow stores it. */
  readonly stored: string
  /** The original, as a copy's record says it. */
  readonly original: string
  readonly principal: Principal
  /** Their name to show. */
  readonly person: string
  readonly mayAsk: boolean
  readonly isApprover: boolean
  /** Credentials in the environment of the version, and in the one of the copy. */
  readonly caller: CallerCredentials
  readonly copier: CallerCredentials
  readonly auditRecord: AuditRecord
  /** Notes for the audit line what was asked or approved. */
  record(request: PromotionRequest): void
  /** Notes which version was made. */
  done(version: string): void
}

/** What a caller may do by a rule. */
export function roleIn(config: Config, rule: PromotionRule, principal: Principal) {
  const source = environmentsOf(config, principal).find(({ name }) => name === rule.from)
  return {
    isMember: source !== undefined,
    mayAsk: source !== undefined && !isReader(source, principal),
    isApprover: isApprover(config, rule, principal),
  }
}

interface Asker {
  readonly authenticated: Authenticated
  /** The name of somebody with a login: their token's is not kept. */
  readonly person: string | null
  readonly credentials: CallerCredentials
  readonly auditRecord: AuditRecord
}

/**
 * The promotion that a caller names. Throws the same `not-found` for one that is not theirs to see as MLflow does for a version that is absent,
 * before anything is asked upstream.
 */
export function openCase(config: Config, { from, to, model, version }: Named, asker: Asker): Case {
  const { authenticated, person, credentials, auditRecord } = asker
  const { principal, unknownGroups } = authenticated
  const rule = promotionRule(config, from, to)
  const role = rule === null ? null : roleIn(config, rule, principal)
  const [source, target] = [from, to].map((name) => config.environments.find((each) => each.name === name))
  if (rule === null || !(role?.isMember || role?.isApprover) || source === undefined || target === undefined)
    // What is unknown is not absent.
    throw unknownGroups ?? absent.version(model, version)
  const owned = resolveName(config, source, 'model', model)
  if (owned.owner.name !== from || !/^[1-9][0-9]{0,17}$/.test(version)) throw absent.version(model, version)
  const logical = ownerOf(config, 'model', owned.upstream)?.logical ?? model
  auditRecord.environment = source
  auditRecord.references = [{ kind: 'model', logical: model, upstream: owned.upstream, version }]
  const audited = { id: null, from, to, askedBy: null, approvedBy: null, newVersion: null }
  auditRecord.promotion = audited
  return {
    rule,
    from: source,
    to: target,
    id: { name: owned.upstream, model: logical, version },
    stored: resolveName(config, target, 'model', logical).upstream,
    original: JSON.stringify([from, logical, version]),
    principal,
    person: person ?? principal.name ?? principal.objectId,
    mayAsk: role.mayAsk,
    isApprover: role.isApprover,
    caller: { ...credentials, environment: from },
    copier: { ...credentials, environment: to },
    auditRecord,
    record({ id, asked, approved }) {
      auditRecord.promotion = { ...(auditRecord.promotion ?? audited), id, askedBy: asked.id, approvedBy: approved?.id ?? null }
    },
    done(newVersion) {
      auditRecord.promotion = { ...(auditRecord.promotion ?? audited), newVersion }
    },
  }
}
