import { type Environment, usesCatalog } from '../../policy/environments/environment.ts'
import { protectedAliases } from '../../policy/environments/production.ts'
import { resolveName } from '../../policy/names/names.ts'
import { describeServing } from './config-serving.ts'
import type { Config } from './config-types.ts'
import { describeCredentials } from './describe-credentials.ts'
import { listOr } from './describe-issuers.ts'
import { row } from './summary-row.ts'

/** What an environment of the configuration means: its people, its names, and what it may do. */
export function describeEnvironment(environment: Environment, config: Config): string[] {
  const own = config.upstream.credentialsOf?.[environment.name]
  const {
    name,
    production,
    groups,
    readers = [],
    administrators = [],
    experimentRoot,
    promotesFrom,
    sourcePrefixes,
  } = environment
  return [
    `Environment ${name}${production ? ' (production)' : ''}`,
    row('who', `callers with the role or group ${listOr(groups)}`),
    ...(readers.length === 0 ? [] : [row('readers', `callers with the role or group ${listOr(readers)} read and search only`)]),
    ...(administrators.length === 0 ? [] : [row('admins', `callers with the role or group ${listOr(administrators)}`)]),
    ...(own === undefined ? [] : [row('credentials', describeCredentials(own))]),
    ...((environment.gatewayHosts ?? []).length > 0 ? [row('gateway hosts', listOr(environment.gatewayHosts ?? []))] : []),
    ...(environment.gateway === true ? [row('AI gateway', `endpoints whose names end in ${environment.modelSuffix}`)] : []),
    ...(environment.workspace === undefined ? [] : [row('workspace', `${environment.workspace} of the MLflow server`)]),
    row('models', `fraud is ${resolveName(config, environment, 'model', 'fraud').upstream} upstream`),
    row('experiments', `churn is ${experimentRoot}/churn upstream`),
    usesCatalog(config) ? describeAliases(environment, config) : describeStages(environment),
    ...(environment.enforcement === 'shadow' ? [row('shadow', 'what its own rules refuse passes, and is recorded')] : []),
    row('new version', describeRegistration(environment)),
    row('promotes', describePromotion(promotesFrom)),
    row(
      'sources',
      sourcePrefixes.length === 0 ? 'its own artifacts only' : `its own artifacts, and ${sourcePrefixes.join(', ')}`,
    ),
    ...describeServing(environment).map(([label, text]) => row(label, text)),
  ]
}

function describeStages({ production }: Environment): string {
  const stages = production ? 'None, Staging, Production and Archived' : 'None, Staging and Archived, never Production'
  return row('stages', `may use ${stages}`)
}

function describeAliases({ production }: Environment, config: Config): string {
  const kept = listOr([...protectedAliases(config)])
  return row('aliases', production ? `may set any, ${kept} included` : `may set any but ${kept}`)
}

function describeRegistration({ registrationStage, registrationAlias }: Environment): string {
  if (registrationAlias !== undefined) return registrationAlias === null ? 'gets no alias' : `gets the alias ${registrationAlias}`
  return registrationStage === null ? 'stays in no stage' : `goes to ${registrationStage}`
}

function describePromotion(promotesFrom: readonly string[]): string {
  if (promotesFrom.length === 0) return 'from no other environment, and reads none'
  const names = promotesFrom.join(' and ')
  return `reads ${names} (versions, and the runs, logged models and artifacts behind them), and promotes their versions`
}
