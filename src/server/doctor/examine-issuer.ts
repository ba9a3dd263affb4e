import { entraKeys } from '../auth/key-place.ts'
import { KeySource } from '../auth/key-source.ts'
import type { Config } from '../config/config-types.ts'
import { type Finding, findingsOf } from './finding.ts'

const { problem, fine } = findingsOf(null)

/** Can the signing keys of the issuer be read? Without them every caller is turned away. */
export async function checkIssuer({ authentication: { entra }, outbound }: Config): Promise<readonly Finding[]> {
  let found: { keys: number; problem: string | null } = { keys: 0, problem: 'no answer' }
  const keys = new KeySource({
    place: entraKeys(entra),
    ...(outbound === undefined ? {} : { outbound }),
    report: (reading) => {
      found = reading
    },
  })
  try {
    await keys.refresh()
  } finally {
    await keys.close()
  }
  if (found.problem === null) return [fine('issuer', `${found.keys} signing keys were read from ${entra.authority}.`)]
  const where = `${entra.authority}/${entra.tenantId}/discovery/v2.0/keys`
  return [problem('issuer-unreachable', `The signing keys cannot be read from ${where}: ${found.problem}.`)]
}
