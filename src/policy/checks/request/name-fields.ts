import { usesCatalog } from '../../environments/environment.ts'
import { type EvaluationContext, reads, resolveAllowed } from '../../evaluation-context.ts'
import { invalidValue } from '../../messages/invalid-value.ts'
import { placesMeaning, textMeaning, textsOf } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

/** The AI gateway spends money with the server's secrets: an environment has it only where its operators say so. */
export function checkGateway({ environment }: EvaluationContext): void {
  if (environment.gateway === true) return
  throw new Refusal(
    'closed-endpoint',
    `The AI gateway is not open in environment '${environment.name}'. Ask the operators of the proxy to open it (\`gateway: true\`).`,
  )
}

/** Names decide without asking upstream: a name in a foreign namespace is refused whether or not it exists. */
export function checkNames(context: EvaluationContext): void {
  const { endpoint, message, config } = context
  // A promoter's transition or alias of a foreign version is judged with the version, in `checkVersions`.
  // Versions of an environment may be promoted without its webhooks being readable.
  const promotes = endpoint.action === 'transition' || (usesCatalog(config) && textMeaning(endpoint, message, 'alias') !== null)
  const looks = (reads(endpoint) && endpoint.resource !== 'webhook') || promotes
  const use = looks ? 'read' : 'change'
  for (const { value } of placesMeaning(endpoint, message, 'modelName')) {
    for (const name of textsOf(value)) resolveAllowed(context, 'model', name, use)
  }
  for (const { value } of placesMeaning(endpoint, message, 'newModelName')) {
    for (const name of textsOf(value)) resolveAllowed(context, 'model', name, 'change')
  }
  for (const { selector, value } of placesMeaning(endpoint, message, 'gatewayEndpointName')) {
    if (typeof value !== 'string') throw invalidValue(selector, value, 'the name of a gateway endpoint')
    if (value !== '') resolveAllowed(context, 'gateway', value, 'change')
  }
  for (const kind of ['modelDefinition', 'gatewaySecret'] as const) {
    const name = textMeaning(endpoint, message, `${kind}Name`)
    if (name !== null) resolveAllowed(context, kind, name, 'change')
  }
  const existing = textMeaning(endpoint, message, 'experimentName')
  if (existing !== null) resolveAllowed(context, 'experiment', existing, 'read')
  const created = textMeaning(endpoint, message, 'newExperimentName')
  if (created !== null) resolveAllowed(context, 'experiment', created, 'change')
}

/** Experiment 0 is the environment's default for good: a renamed one would leave its callers without. */
export function checkDefaultKeepsItsName(context: EvaluationContext): void {
  const created = textMeaning(context.endpoint, context.message, 'newExperimentName')
  if (created !== null)
    throw new Refusal('invalid-parameter', 'The default experiment keeps its name. Create another experiment instead.')
}
