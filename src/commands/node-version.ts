/** The oldest Node that has every API we use; the same as `engines` in package.json. */
export const oldestNode = '22.19'

function partsOf(version: string): readonly [major: number, minor: number] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return [major, minor]
}

/** Why a version of Node such as `20.20.1` is unsuitable; null if it is not. */
export function nodeProblem(version: string): string | null {
  const [[major, minor], [least, lesser]] = [partsOf(version), partsOf(oldestNode)]
  if (major > least || (major === least && minor >= lesser)) return null
  return `mlflow-env-proxy needs Node ${oldestNode} or newer, and this is Node ${version}.`
}
