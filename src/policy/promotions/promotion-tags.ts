import { readings } from '../names/look-alikes.ts'

/** A tag of a version. */
export interface VersionTag {
  readonly key: string
  readonly value: string
}

/** How the keys begin by which the proxy keeps promotions: Unity Catalog's keys have no dots or dashes. */
const prefix = 'mlflow_env_proxy_promotion'

/** The tag of a version that somebody asks to promote. */
export const promotionRequestTag = prefix

/** How the keys begin by which replicas see that one of them carries a promotion out. */
export const promotionClaimPrefix = `${prefix}_claim_`

const recordKeys = {
  id: `${prefix}_id`,
  from: `${prefix}_from`,
  model: `${prefix}_model`,
  version: `${prefix}_version`,
  askedBy: `${prefix}_asked_by`,
  askedAt: `${prefix}_asked_at`,
  approvedBy: `${prefix}_approved_by`,
  approvedAt: `${prefix}_approved_at`,
} as const

/** What is written down of a promotion on the version that it made. */
export type PromotionRecord = Readonly<Record<keyof typeof recordKeys, string>>

const shown: ReadonlySet<string> = new Set(Object.values(recordKeys))

/** Whether a key is one of a promotion's record, which callers see, and only the proxy writes. */
export function isRecordKey(key: string): boolean {
  return shown.has(key)
}

/** The beginning of a promotion's tags, where a database may take a key for one; else null. */
export function findsPromotionTag(key: string): string | null {
  return readings(key).some((reading) => reading.startsWith(prefix)) ? prefix : null
}

/** A record as the tags of a version. */
export function printRecord(record: PromotionRecord): readonly VersionTag[] {
  return Object.entries(record).map(([name, value]) => ({ key: `${prefix}${suffixOf(name)}`, value }))
}

function suffixOf(name: string): string {
  return `_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
}

/** The version that a version is a copy of by its record, in comparable form; null without one. */
export function copiedFrom(tags: ReadonlyMap<string, string>): string | null {
  const [from, model, version] = [recordKeys.from, recordKeys.model, recordKeys.version].map((key) => tags.get(key))
  return from === undefined || model === undefined || version === undefined ? null : JSON.stringify([from, model, version])
}
