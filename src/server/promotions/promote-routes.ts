import type { FastifyInstance } from 'fastify'
import { promotePath } from '../http/login-paths.ts'
import type { CopyParts } from './copy-version.ts'

/** Where versions are promoted by rules, by programs and by people. What answers is loaded with the first such request. */
export function addPromoteRoutes(app: FastifyInstance, parts: CopyParts): void {
  app.get(promotePath, async (request, reply) => (await import('./answer-promote.ts')).answerLook(parts, request, reply))
  app.post(promotePath, async (request, reply) => (await import('./answer-promote.ts')).answerStep(parts, request, reply))
}
