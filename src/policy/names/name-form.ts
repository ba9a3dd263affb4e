export type NameKind = 'model' | 'experiment' | 'endpoint' | 'gateway' | 'modelDefinition' | 'gatewaySecret'

/** Characters that nobody sees. */
export const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Characters: as many as MLflow's longest column for a name takes. */
export const longestName = 500

/** As Databricks takes them for serving endpoints. */
export const endpointName = /^[A-Za-z0-9_-]{1,63}$/

/** Names with which nothing is wrong, whatever they are of: most are. */
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/

/** What is wrong with a logical name, as the end of a sentence, or null. */
export function nameProblem(kind: NameKind, name: string): string | null {
  if (plainName.test(name)) return null
  if (name === '') return 'is empty'
  if (kind === 'endpoint' && !endpointName.test(name))
    return 'has more than 63 characters, or others than letters, digits, dashes and underscores'
  if (name.length > longestName) return `is longer than ${longestName} characters`
  if (name !== name.normalize('NFC')) return 'is not in Unicode normal form C'
  if (invisible.test(name)) return 'has control or invisible characters'
  if (name.trim() !== name) return 'begins or ends with a space'
  const segments = name.split('/')
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has a dot segment'
  if (kind === 'experiment' && segments.some((segment) => segment === '' || segment.trim() !== segment)) {
    return 'has a path segment that is empty or begins or ends with a space'
  }
  return null
}

/** In Unicode's normal form C, as it is stored and looked up. What is far too long for a name stays as it is, to be refused. */
export function inNormalForm(text: string): string {
  return text.length > 4 * longestName ? text : text.normalize('NFC')
}
