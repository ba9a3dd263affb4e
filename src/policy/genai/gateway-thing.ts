import type { NameKind } from '../names/name-form.ts'

/** What an AI gateway is made of. Each has a name, by which it belongs to an environment, and an id, which says nothing. */
export const gatewayKinds = ['gatewayEndpoint', 'modelDefinition', 'gatewaySecret'] as const
export type GatewayKind = (typeof gatewayKinds)[number]

/** The kind of each one's name. */
export const gatewayNames = {
  gatewayEndpoint: 'gateway',
  modelDefinition: 'modelDefinition',
  gatewaySecret: 'gatewaySecret',
} as const satisfies Record<GatewayKind, NameKind>

/** A thing of the gateway as MLflow has it now. */
export interface GatewayFact {
  readonly id: string
  readonly name: string
  /** Of an endpoint: where its use is written down. */
  readonly experimentId?: string
  /** Of a model definition: the secret that it is asked with, where that was not deleted. */
  readonly secret?: { readonly id: string; readonly name: string }
  /** Of a model definition or a secret. */
  readonly provider?: string
  /** Of a secret: the names of its values. */
  readonly keys?: readonly string[]
  /** Of a secret: how the provider is shown it. */
  readonly authMode?: string
  /** Of a secret: where the provider is, as far as that is said. */
  readonly apiBase?: string
}

const forms: Readonly<Record<GatewayKind, RegExp>> = {
  gatewayEndpoint: /^e-[0-9a-f]{32}$/,
  modelDefinition: /^d-[0-9a-f]{32}$/,
  gatewaySecret: /^s-[0-9a-f]{32}$/,
}

/** Whether the text is an id of such a thing as MLflow makes it. */
export function isGatewayId(kind: GatewayKind, text: string): boolean {
  return forms[kind].test(text)
}
