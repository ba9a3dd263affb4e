import type { FastifyReply, FastifyRequest } from 'fastify'

/** A request that is traced. */
export interface TracedRequest {
  /** The answer has ended. */
  end(request: FastifyRequest, reply: FastifyReply): void
}

/** Traces requests; there is none where tracing is not configured. */
export interface Tracing {
  /** Begins a request's span. Its `traceparent` names that span from now on: for the audit, and for MLflow. */
  begin(request: FastifyRequest): TracedRequest
  /** Records an exchange with MLflow that has just ended, as `NoteExchange` tells it. `ids` are the headers that went with it. */
  noteExchange(
    purpose: string,
    status: number | null,
    milliseconds: number,
    ids: Readonly<Record<string, string>> | undefined,
  ): void
  /** Sends what is left. */
  end(): Promise<void>
}
