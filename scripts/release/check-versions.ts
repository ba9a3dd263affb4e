import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const escaped = (text: string) => text.replace(/[.+]/g, '\\$&')

/** What does not yet say that this checkout is the version of its package.json: one sentence each. */
export function findOtherVersions(folder: string): string[] {
  const read = (path: string) => readFileSync(join(folder, path), 'utf8')
  const { version } = JSON.parse(read('package.json'))
  const lock = JSON.parse(read('package-lock.json'))
  const chart = parse(read('helm/mlflow-env-proxy/Chart.yaml'))
  const said = {
    'package-lock.json': lock.version,
    'version in helm/mlflow-env-proxy/Chart.yaml': chart.version,
    'appVersion in helm/mlflow-env-proxy/Chart.yaml': chart.appVersion,
    'clients/python/pyproject.toml': /^version = "(.*)"$/m.exec(read('clients/python/pyproject.toml'))?.[1],
  }
  const others = Object.entries(said).filter(([, other]) => other !== version)
  const problems = others.map(([place, other]) => `${place} says ${other}, and package.json ${version}`)
  if (!new RegExp(`^## \\[${escaped(version)}\\] - \\d{4}-\\d{2}-\\d{2}$`, 'm').test(read('CHANGELOG.md')))
    problems.push(`CHANGELOG.md has no heading "## [${version}] - YYYY-MM-DD"`)
  return problems
}
