import { absent, type Judgement, reads } from '../../evaluation-context.ts'
import { ask, type Inquiry } from '../../fact-query.ts'
import { type GatewayFact, type GatewayKind, gatewayKinds, gatewayNames, isGatewayId } from '../../genai/gateway-thing.ts'
import { placesMeaning, textsOf } from '../../messages/message-fields.ts'
import { ownStored } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'
import { checkSecretTexts, checkSuffices, secretAfter } from './gateway-credentials.ts'

function isOwnName(judgement: Judgement, kind: GatewayKind, name: string): boolean {
  return ownStored(judgement, gatewayNames[kind], name) !== null
}

/** A thing of the caller's environment; any other answers as if it did not exist. */
function* ownThing(judgement: Judgement, kind: GatewayKind, id: string): Inquiry<GatewayFact> {
  const fact = isGatewayId(kind, id) ? yield* ask({ about: 'gatewayThing', kind, id }) : null
  const owned = fact && ownStored(judgement, gatewayNames[kind], fact.name)
  if (owned === null || fact?.id !== id) throw absent[kind](id)
  judgement.admitted.add(id)
  judgement.references.push({ kind, logical: id, upstream: id })
  // Sentences of MLflow's may speak of it by its name.
  judgement.references.push({ kind: gatewayNames[kind], logical: owned.logical, upstream: fact.name })
  return fact
}

/** The things that the request names by their ids; of several of one kind, the last. */
function* ownThings(judgement: Judgement): Inquiry<ReadonlyMap<GatewayKind, GatewayFact>> {
  const found = new Map<GatewayKind, GatewayFact>()
  for (const kind of gatewayKinds) {
    const ids = placesMeaning(judgement.endpoint, judgement.message, kind).flatMap(({ value }) => textsOf(value))
    for (const id of new Set(ids.filter((text) => text !== ''))) found.set(kind, yield* ownThing(judgement, kind, id))
  }
  return found
}

/** Those who run the server may use an environment's secret for others, too: changed, it would be changed for them. */
function* ownUsers(
  judgement: Judgement,
  kind: 'modelDefinition' | 'gatewaySecret',
  { id }: GatewayFact,
): Inquiry<readonly string[]> {
  const user = kind === 'gatewaySecret' ? 'modelDefinition' : 'gatewayEndpoint'
  const names = yield* ask({ about: 'gatewayUsers', kind, id })
  if (names.every((name) => isOwnName(judgement, user, name))) return names
  throw new Refusal(
    'read-only',
    'It is also used outside of your environment, so it cannot be changed from here. Make one of your own, or ask those who run the server.',
  )
}

/** The secret that a model definition goes on with. One that is not the environment's own stays with the model that it was given for. */
function* keptSecret(judgement: Judgement, definition: GatewayFact | undefined): Inquiry<GatewayFact | null> {
  const secret = definition?.secret
  if (secret === undefined) return null
  if (isOwnName(judgement, 'gatewaySecret', secret.name))
    return yield* ask({ about: 'gatewayThing', kind: 'gatewaySecret', id: secret.id })
  throw new Refusal(
    'read-only',
    'The model definition uses a secret that is not of your environment. Give it one of your own with the change (secret_id).',
  )
}

function* checkDefinition(judgement: Judgement, things: ReadonlyMap<GatewayKind, GatewayFact>): Inquiry<void> {
  const { endpoint, message } = judgement
  const definition = things.get('modelDefinition')
  if (definition !== undefined) yield* ownUsers(judgement, 'modelDefinition', definition)
  if (endpoint.action === 'delete') return
  const secret = things.get('gatewaySecret') ?? (yield* keptSecret(judgement, definition))
  const said = message.get('provider')
  if (secret !== null) checkSuffices(secret, typeof said === 'string' && said !== '' ? said : (definition?.provider ?? ''))
}

function* checkSecret(judgement: Judgement, secret: GatewayFact | undefined): Inquiry<void> {
  checkSecretTexts(judgement)
  if (secret === undefined) return
  const users = yield* ownUsers(judgement, 'gatewaySecret', secret)
  if (judgement.endpoint.action !== 'delete' && users.length > 0)
    checkSuffices(secretAfter(judgement, secret), secret.provider ?? '')
}

/** Endpoints, model definitions and secrets of the AI gateway by their ids, and what secrets may be and be used for. */
export function* checkGatewayThings(judgement: Judgement): Inquiry<void> {
  const { endpoint } = judgement
  const things = yield* ownThings(judgement)
  if (reads(endpoint)) return
  if (endpoint.resource === 'modelDefinition') yield* checkDefinition(judgement, things)
  if (endpoint.resource === 'gatewaySecret') yield* checkSecret(judgement, things.get('gatewaySecret'))
}
