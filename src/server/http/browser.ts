import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticated } from '../../policy/identity/claims.ts'

/** What a request is to the proxy, where people log in with a browser. */
export interface Browser {
  /** The name to show of who is logged in; null: nobody is. */
  readonly person: string | null
  /** Begins a login that comes back to this page. */
  readonly loginAddress: string
  /** In front of the addresses of the proxy's own pages; empty at the root. */
  readonly basePath: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where nobody can log in. */
    browser: Browser | null
    /** The access token of a login, if the upstream is asked with it. */
    heldToken: string | null
  }
}

/** The HTML to write into MLflow's page for a request; null for none. */
export type PageBar = (request: Pick<FastifyRequest, 'browser' | 'authenticated' | 'auditRecord'>) => string | null

/** The logins of people with a browser. */
export interface BrowserSessions {
  /** The caller by the cookie of a request without a token; null without a cookie. Rejects with the Refusal of a cookie that is not good. */
  authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Authenticated | null>
}
