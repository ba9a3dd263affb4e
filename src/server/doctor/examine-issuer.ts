import { Refusal } from '../../policy/reasons.ts'
import type { KeyReading } from '../auth/key-source.ts'
import { lookUpGroups } from '../auth/open-directory.ts'
import { watchKeys } from '../auth/open-issuer.ts'
import { TokenReviewClient } from '../auth/token-review-client.ts'
import { describeReviewFailure } from '../auth/token-reviews.ts'
import type { Config } from '../config/config-types.ts'
import { describeKeys, nameIssuer } from '../config/describe-issuers.ts'
import type { IssuerSettings } from '../config/issuer-settings.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { type Finding, findingsOf } from './finding.ts'

const { problem, note, fine } = findingsOf(null)

/** Seconds of difference: which are worth a note, and from which on tokens are refused. */
const clocks = { noted: 10, refused: 60 } as const

/** Do the issuer and this machine agree on the time? Both tell when a token begins and ends. */
function checkClock(issuer: string, ahead: number | null): readonly Finding[] {
  if (ahead === null || Math.abs(ahead) < clocks.noted) return []
  const which = ahead > 0 ? 'behind' : 'ahead of'
  const message = `The clock of this machine is ${Math.abs(ahead)} s ${which} that of ${issuer}`
  if (Math.abs(ahead) < clocks.refused) return [note('clock', `${message}; tokens are good within 60 s.`)]
  const wrong = ahead > 0 ? 'new tokens are refused as not yet valid' : 'tokens are refused before their end'
  return [problem('clock', `${message}: ${wrong}.`)]
}

/** Can the signing keys of an issuer be read? Without them its callers are turned away. */
async function checkKeys(settings: IssuerSettings, { outbound }: Config): Promise<readonly Finding[]> {
  let found: KeyReading = { keys: 0, problem: 'no answer', ahead: null }
  const keys = watchKeys(settings, outbound, (reading) => {
    found = reading
  })
  try {
    await keys.refresh()
  } finally {
    await keys.close()
  }
  const where = describeKeys(settings)
  const clock = checkClock(nameIssuer(settings), found.ahead)
  if (found.problem === null) return [fine('issuer', `${found.keys} signing keys were read from ${where}.`), ...clock]
  const message = `The signing keys of ${nameIssuer(settings)} cannot be read from ${where}: ${found.problem}.`
  return [problem('issuer-unreachable', message), ...clock]
}

/** Does the API server tell whether tokens of its cluster hold? It is asked about a text that is none. */
async function checkReviews(settings: IssuerSettings, { outbound }: Config): Promise<readonly Finding[]> {
  if (settings.kind !== 'kubernetes' || settings.tokenReview === undefined) return []
  const { url } = settings.tokenReview
  const client = new TokenReviewClient(nameIssuer(settings), settings.tokenReview, outbound)
  try {
    await client.review('doctor', 'nobody', 'nobody')
    return [problem('token-review', `${url} accepts any text as a token.`)]
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'unauthenticated') return [fine('token-review', `${url} reviews tokens.`)]
    return [problem('token-review', `${url} cannot be asked about tokens: ${describeReviewFailure(error)}.`)]
  } finally {
    await client.close()
  }
}

/** Can the signing keys of all issuers be read, can clusters be asked about tokens, and do the names of groups stand for groups? */
export async function checkIssuers(config: Config): Promise<readonly Finding[]> {
  const { issuers } = config.authentication
  const checks = issuers.flatMap((settings) => [checkKeys(settings, config), checkReviews(settings, config)])
  return [...(await Promise.all(checks)).flat(), ...(await checkNames(config))]
}

/** Does Microsoft Graph know the groups that the configuration names, each once? */
async function checkNames(config: Config): Promise<readonly Finding[]> {
  try {
    const found = await lookUpGroups(config)
    if (found === null) return []
    const known = found.filter(({ id }) => id !== null).map(({ name, id }) => `${name} is ${id}`)
    const wrong = found.flatMap((group) => (group.problem === null ? [] : [problem('group-name', `${group.problem}.`)]))
    const all = known.length === 0 ? 'it has no group of a name in the configuration' : known.join(', ')
    return [...wrong, fine('directory', `Microsoft Graph answers: ${all}.`)]
  } catch (error) {
    return [problem('directory-unreachable', `Groups cannot be looked up. ${describeNetworkError(error)}`)]
  }
}
