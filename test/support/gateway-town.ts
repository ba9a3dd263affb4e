import type { GatewayFact } from '../../src/policy/genai/gateway-thing.ts'
import type { FakeWorld } from './fake-world.ts'
import type { Belongings, Town } from './town.ts'

/** What those who run the server made of acc's gateway: a model definition with a secret of nobody's, an endpoint, a secret that prod uses too. */
export const lent = {
  secret: `s-${'5'.repeat(32)}`,
  definition: `d-${'6'.repeat(32)}`,
  endpoint: `e-${'6'.repeat(32)}`,
  usedByProd: `s-${'6'.repeat(32)}`,
} as const

/** An endpoint `chat` that asks model `gpt` with secret `key`. */
function gatewayOf({ environment: { name }, gateway, experiment }: Belongings): GatewayFact[] {
  return [
    { id: gateway('e'), name: `chat_${name}`, experimentId: experiment },
    { id: gateway('d'), name: `gpt_${name}`, provider: 'openai', secret: { id: gateway('s'), name: `key_${name}` } },
    { id: gateway('s'), name: `key_${name}`, provider: 'openai', keys: ['api_key'] },
  ]
}

/** The AI gateway: each environment's own, and what those who run the server made for acc. */
export function gatewayIn(places: Town['places']): Pick<FakeWorld, 'gateway' | 'gatewayUsers'> {
  const users = places.flatMap(({ environment: { name }, gateway }): [string, string[]][] => [
    [gateway('d'), [`chat_${name}`]],
    [gateway('s'), [`gpt_${name}`]],
  ])
  return {
    gateway: [
      ...places.flatMap(gatewayOf),
      { id: lent.secret, name: 'key', provider: 'openai', keys: ['api_key'] },
      { id: lent.definition, name: 'lent_acc', provider: 'openai', secret: { id: lent.secret, name: 'key' } },
      { id: lent.endpoint, name: 'bare_acc' },
      { id: lent.usedByProd, name: 'common_acc', provider: 'openai', keys: ['api_key'] },
    ],
    gatewayUsers: { ...Object.fromEntries(users), [lent.usedByProd]: ['gpt_acc', 'gpt_prod'] },
  }
}
