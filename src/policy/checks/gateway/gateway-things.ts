import { absent, type EvaluationContext, reads } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { type GatewayFact, type GatewayKind, gatewayKinds, gatewayNames, isGatewayId } from '../../genai/gateway-thing.ts'
import { textsMeaning } from '../../messages/message-fields.ts'
import { ownStored } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'
import { checkSecretTexts, checkSuffices, secretAfter } from './gateway-credentials.ts'

function isOwnName(context: EvaluationContext, kind: GatewayKind, name: string): boolean {
  return ownStored(context, gatewayNames[kind], name) !== null
}

/** A thing of the caller's environment; any other answers as if it did not exist. */
function* ownThing(context: EvaluationContext, kind: GatewayKind, id: string): Evaluation<GatewayFact> {
  const fact = isGatewayId(kind, id) ? yield* ask({ about: 'gatewayThing', kind, id }) : null
  const owned = fact && ownStored(context, gatewayNames[kind], fact.name)
  if (owned === null || fact?.id !== id) throw absent[kind](id)
  context.admitted.add(id)
  context.references.push({ kind, logical: id, upstream: id })
  // Sentences of MLflow's may speak of it by its name.
  context.references.push({ kind: gatewayNames[kind], logical: owned.logical, upstream: fact.name })
  return fact
}

/** The things that the request names by their ids; of several of one kind, the last. */
function* ownThings(context: EvaluationContext): Evaluation<ReadonlyMap<GatewayKind, GatewayFact>> {
  const found = new Map<GatewayKind, GatewayFact>()
  for (const kind of gatewayKinds) {
    const ids = textsMeaning(context.endpoint, context.message, kind)
    for (const id of new Set(ids.filter((text) => text !== ''))) found.set(kind, yield* ownThing(context, kind, id))
  }
  return found
}

/** Those who run the server may use an environment's secret for others, too: changed, it would be changed for them. */
function* ownUsers(
  context: EvaluationContext,
  kind: 'modelDefinition' | 'gatewaySecret',
  { id }: GatewayFact,
): Evaluation<readonly string[]> {
  const user = kind === 'gatewaySecret' ? 'modelDefinition' : 'gatewayEndpoint'
  const names = yield* ask({ about: 'gatewayUsers', kind, id })
  if (names.every((name) => isOwnName(context, user, name))) return names
  throw new Refusal(
    'read-only',
    'It is also used outside your environment, so you cannot change it. Create one of your own, or ask the operators of the server.',
  )
}

/** The secret that a model definition goes on with. One that is not the environment's own stays with the model that it was given for. */
function* keptSecret(context: EvaluationContext, definition: GatewayFact | undefined): Evaluation<GatewayFact | null> {
  const secret = definition?.secret
  if (secret === undefined) return null
  if (isOwnName(context, 'gatewaySecret', secret.name))
    return yield* ask({ about: 'gatewayThing', kind: 'gatewaySecret', id: secret.id })
  throw new Refusal(
    'read-only',
    'The model definition uses a secret that does not belong to your environment. Set one of your own in the same request (secret_id).',
  )
}

function* checkDefinition(context: EvaluationContext, things: ReadonlyMap<GatewayKind, GatewayFact>): Evaluation<void> {
  const { endpoint, message } = context
  const definition = things.get('modelDefinition')
  if (definition !== undefined) yield* ownUsers(context, 'modelDefinition', definition)
  if (endpoint.action === 'delete') return
  const secret = things.get('gatewaySecret') ?? (yield* keptSecret(context, definition))
  const said = message.get('provider')
  if (secret !== null) checkSuffices(secret, typeof said === 'string' && said !== '' ? said : (definition?.provider ?? ''))
}

function* checkSecret(context: EvaluationContext, secret: GatewayFact | undefined): Evaluation<void> {
  checkSecretTexts(context)
  if (secret === undefined) return
  const users = yield* ownUsers(context, 'gatewaySecret', secret)
  if (context.endpoint.action !== 'delete' && users.length > 0) checkSuffices(secretAfter(context, secret), secret.provider ?? '')
}

/** Endpoints, model definitions and secrets of the AI gateway by their ids, and what secrets may be and be used for. */
export function* checkGatewayThings(context: EvaluationContext): Evaluation<void> {
  const { endpoint } = context
  const things = yield* ownThings(context)
  if (reads(endpoint)) return
  if (endpoint.resource === 'modelDefinition') yield* checkDefinition(context, things)
  if (endpoint.resource === 'gatewaySecret') yield* checkSecret(context, things.get('gatewaySecret'))
}
