import type { PolicyConfig } from '../../policy/environments/environment.ts'
import type { PromotionRule } from '../../policy/promotions/promotion-rule.ts'
import type { ConfigFile } from './config-file.ts'
import type { Finding } from './config-problem.ts'

/** What is wrong with the environments that a rule names: the key, and a sentence. */
function problemOf({ environments }: ConfigFile, { from, to }: PromotionRule): readonly ['from' | 'to', string] | null {
  const [source, target] = [environments[from], environments[to]]
  const choices = Object.keys(environments).join(', ')
  if (source === undefined) return ['from', `there is no environment \`${from}\`; write one of ${choices}`]
  if (target === undefined) return ['to', `there is no environment \`${to}\`; write one of ${choices}`]
  if (from === to) return ['to', 'is the environment that versions come from; write another one']
  if (source.workspace !== target.workspace)
    return ['to', `\`${to}\` is in another workspace of the MLflow server than \`${from}\`, so nothing can be promoted`]
  if (target.promotesFrom.includes(from))
    return ['to', `\`${to}\` has \`${from}\` in promotesFrom, so its callers need no approval; take it out there`]
  return null
}

/** The rules of promotion, where there are any. */
export function readPromotions(file: ConfigFile, findings: Finding[]): Pick<PolicyConfig, 'promotions'> {
  const { promotions } = file
  const seen = new Set<string>()
  for (const [index, rule] of promotions.entries()) {
    const pair = `${rule.from} ${rule.to}`
    const again = seen.has(pair)
      ? (['to', 'is the same as in another rule with this `from`; write one rule for both'] as const)
      : null
    const problem = problemOf(file, rule) ?? again
    for (const [at, { min, max }] of rule.metrics.entries()) {
      const message = 'has neither min nor max; write for example { name: auc, min: 0.9 }'
      if (min === undefined && max === undefined) findings.push({ path: ['promotions', index, 'metrics', at], message })
    }
    if (problem !== null) findings.push({ path: ['promotions', index, problem[0]], message: problem[1] })
    seen.add(pair)
  }
  if (promotions.length === 0) return {}
  return { promotions: promotions.map((rule) => ({ ...rule })) }
}
