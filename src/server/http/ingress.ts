import type { IncomingMessage } from 'node:http'
import type { ClientMode } from '../../policy/environments/environment.ts'
import type { Config } from '../config/config-types.ts'

/** The proxy's ports for callers, by their keys in the configuration. */
export type Listener = 'listen' | 'databricksHost'

/** How a request arrived: the kind of client that uses the port, and the environment that the host name selects, if any. */
export interface Ingress {
  readonly mode: ClientMode
  readonly environment: string | null
  /** How callers in several environments choose one if the address cannot contain `/env/<name>`. */
  readonly choice: string | null
}

export type IngressOf = (message: IncomingMessage) => Ingress

/** The host of a request, in the configuration's spelling. */
function hostOf({ headers: { host = '' } }: IncomingMessage): string {
  return host
    .toLowerCase()
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '')
}

type HostNames = NonNullable<Config['databricksHost']>['hostNames']

function choiceOf(names: HostNames): string {
  const named = names.filter(({ environment }) => environment !== undefined)
  const choices = named.map(({ name, environment }) => `${name} (${environment})`).join(' or ')
  return choices === ''
    ? 'by the host name in DATABRICKS_HOST: ask the operators of the proxy for one'
    : `by the host name in DATABRICKS_HOST: ${choices}`
}

/** Tells the door of each request of a port. Callers may do the same through all of them: a door says how artifacts are reached. */
export function findIngress({ databricksHost }: Pick<Config, 'databricksHost'>, listener: Listener): IngressOf {
  const names = databricksHost?.hostNames ?? []
  const open = (environment: string | null): Ingress => ({ mode: 'databricks', environment, choice: choiceOf(names) })
  const plain: Ingress = listener === 'listen' ? { mode: 'http', environment: null, choice: null } : open(null)
  const ingresses = new Map(names.map(({ name, environment = null }) => [name, open(environment)]))
  return (message) => (ingresses.size === 0 ? plain : (ingresses.get(hostOf(message)) ?? plain))
}

/** The client modes that are possible on a port. */
export function modesOf({ databricksHost }: Pick<Config, 'databricksHost'>, listener: Listener): readonly ClientMode[] {
  if (listener === 'databricksHost') return ['databricks']
  return databricksHost !== undefined && databricksHost.hostNames.length > 0 ? ['http', 'databricks'] : ['http']
}
