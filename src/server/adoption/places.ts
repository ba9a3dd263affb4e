import type { PolicyConfig } from '../../policy/environments/environment.ts'

/** The workspace of an MLflow 3 server that an environment is; '' where it is none. */
export function workspaceOf({ environments }: Pick<PolicyConfig, 'environments'>, environment: string): string {
  return environments.find(({ name }) => name === environment)?.workspace ?? ''
}

/** Environments, one of each place where MLflow keeps things apart: its workspaces, where environments are workspaces, and else all of it. */
export function placesOf(config: Pick<PolicyConfig, 'environments'>): readonly string[] {
  const names = config.environments.map(({ name }) => name)
  return names.filter((name, at) => names.findIndex((other) => workspaceOf(config, other) === workspaceOf(config, name)) === at)
}
