import type { FastifyReply } from 'fastify'
import { loginPaths } from '../http/login-paths.ts'
import { escapeHtml, ownPageHeaders, plainPage } from '../http/plain-page.ts'

/** Sends one of the login's pages. `formLeadsTo`: an address to which a form of the page is redirected. */
export function sendPage(reply: FastifyReply, page: string, formLeadsTo: string | null = null): FastifyReply {
  return reply.headers(ownPageHeaders(formLeadsTo === null ? '' : new URL(formLeadsTo).origin)).send(page)
}

/** Asks whether to log out: the link to this page changes nothing, so other sites cannot log people out. */
export function logoutPage(basePath: string, person: string | null): string {
  const who = person === null ? 'You are not logged in here.' : `You are logged in as <strong>${escapeHtml(person)}</strong>.`
  const form = `<form method="post" action="${basePath}${loginPaths.logout}" class="actions"><button class="button">Log out</button><a class="button plain" href="${basePath}/">Back to MLflow</a></form>`
  return plainPage(
    'Log out',
    `<p>${who}</p><p class="soft">This ends your login here and at Microsoft. Tokens that you took for code stay good until they expire.</p>${form}`,
  )
}

/** After a logout; `onlyHere`: the issuer was not there to be told. */
export function loggedOutPage(basePath: string, onlyHere: boolean): string {
  const there = onlyHere
    ? '<p>Microsoft Entra ID could not be reached, so you may still be logged in there: close the browser to be sure.</p>'
    : ''
  const again = `<p class="actions"><a class="button" href="${basePath}${loginPaths.login}">Log in again</a></p>`
  return plainPage('You are logged out', `<p>Your login here has ended.</p>${there}${again}`)
}
