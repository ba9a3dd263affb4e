import type { KeyReading } from '../auth/key-source.ts'
import { lookUpGroups } from '../auth/open-directory.ts'
import { watchKeys } from '../auth/open-issuer.ts'
import type { Config } from '../config/config-types.ts'
import { describeKeys, nameIssuer } from '../config/describe-issuers.ts'
import type { IssuerSettings } from '../config/issuer-settings.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { type Finding, findingsOf } from './finding.ts'

const { problem, fine } = findingsOf(null)

/** Can the signing keys of an issuer be read? Without them its callers are turned away. */
async function checkKeys(settings: IssuerSettings, { outbound }: Config): Promise<Finding> {
  let found: KeyReading = { keys: 0, problem: 'no answer' }
  const keys = watchKeys(settings, outbound, (reading) => {
    found = reading
  })
  try {
    await keys.refresh()
  } finally {
    await keys.close()
  }
  const where = describeKeys(settings)
  if (found.problem === null) return fine('issuer', `${found.keys} signing keys were read from ${where}.`)
  const message = `The signing keys of ${nameIssuer(settings)} cannot be read from ${where}: ${found.problem}.`
  return problem('issuer-unreachable', message)
}

/** Can the signing keys of all issuers be read, and do the names of groups stand for groups? */
export async function checkIssuers(config: Config): Promise<readonly Finding[]> {
  const keys = config.authentication.issuers.map((settings) => checkKeys(settings, config))
  return [...(await Promise.all(keys)), ...(await checkNames(config))]
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
