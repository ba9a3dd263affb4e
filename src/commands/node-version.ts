/** The oldest Node that has all that is called; `engines` in package.json says the same. */
export const oldestNode = '22.19'

function partsOf(version: string): readonly [major: number, minor: number] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return [major, minor]
}

/** What is wrong with a version of Node such as `20.20.1`; null: nothing. */
export function nodeProblem(version: string): string | null {
  const [[major, minor], [least, lesser]] = [partsOf(version), partsOf(oldestNode)]
  if (major > least || (major === least && minor >= lesser)) return null
  return `mlflow-env-proxy needs Node ${oldestNode} or newer, and this is Node ${version}.`
}
