import type { Adapter, AdapterPayload } from 'oidc-provider'

const kept = new Map<string, AdapterPayload>()

/** Keeps what oidc-provider has to remember of logins: it lasts as long as the process, and nothing expires. */
export function keptInMemory(kind: string): Adapter {
  const find = async (is: (payload: AdapterPayload) => boolean) => [...kept.values()].find(is)
  return {
    upsert: async (id, payload) => void kept.set(`${kind}:${id}`, payload),
    find: async (id) => kept.get(`${kind}:${id}`),
    findByUid: (uid) => find((payload) => payload.kind === kind && payload.uid === uid),
    findByUserCode: (code) => find((payload) => payload.userCode === code),
    consume: async (id) => void Object.assign(kept.get(`${kind}:${id}`) ?? {}, { consumed: Math.floor(Date.now() / 1_000) }),
    destroy: async (id) => void kept.delete(`${kind}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key)
    },
  }
}
