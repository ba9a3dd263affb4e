import { fileURLToPath } from 'node:url'
import { pythonOf } from '../scripts/setup/python-environments.mjs'
import type { Person } from '../test/fakes/entra-login.ts'
import { mlflowVersion } from './python-script.ts'
import { paint } from './summary.ts'
import type { Surroundings } from './surroundings.ts'

function describePeople(url: string, people: readonly Person[]): string[] {
  const each = people.map(
    ({ name, roles }) => `  ${name.padEnd(10)} ${roles.map((role) => role.replace('apps_', '')).join(', ')}`,
  )
  return [`${paint('bold', `Open ${url} in a browser`)} and log in as one of three people:`, ...each, '']
}

/** How to try what was left running: the two variables of an MLflow client, and other addresses. */
export function describeStay({ mlflow, workspace, proxy, entra, applications, tokens }: Surroundings): string {
  const { clientId = '', clientSecret = '' } = applications.prod ?? {}
  const form = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${entra.audience}/.default`,
  }
  const data = Object.entries(form).map(([name, value]) => `-d ${name}=${value}`)
  const train = fileURLToPath(new URL('train.py', import.meta.url))
  return [
    `\n${paint('bold', 'Everything goes on running until Ctrl-C.')}\n`,
    ...(workspace === null ? describePeople(proxy.url, entra.people) : []),
    'In another shell, as the acc application, for an hour:\n',
    `export MLFLOW_TRACKING_URI=${proxy.url}`,
    `export MLFLOW_TRACKING_TOKEN=${tokens.acc ?? ''}`,
    `\nThen, for example:   ${pythonOf(mlflowVersion)} ${train}`,
    ...(workspace === null ? [] : [`The workspace:       ${workspace.url} (it takes tokens for Databricks alone)`]),
    `MLflow itself:       ${mlflow.url}`,
    `Metrics, readiness:  ${proxy.adminUrl}/metrics and /readyz`,
    `A token for prod:    curl -s ${entra.tokenUrl} ${data.join(' ')}`,
    '',
  ].join('\n')
}
