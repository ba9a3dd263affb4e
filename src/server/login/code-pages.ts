import type { Environment } from '../../policy/environments/environment.ts'
import { loginPaths } from '../http/login-paths.ts'
import { codeBlock, escapeHtml, plainPage } from '../http/plain-page.ts'
import { codeLife } from './login-memory.ts'
import { basePathOf } from './own-path.ts'

/** Where a caller's code reaches the proxy. */
export interface CodeAddress {
  readonly publicUrl: string
  readonly environments: readonly Environment[]
}

/** A text between single quotes of a POSIX shell. */
function quote(text: string): string {
  return /^[\w:/.@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The two lines; people in several environments choose one of as many first lines. */
function exportLines({ publicUrl, environments }: CodeAddress, token: string): string {
  const tokenLine = `export MLFLOW_TRACKING_TOKEN=${token}`
  const uriLine = (uri: string) => `export MLFLOW_TRACKING_URI=${quote(uri)}`
  if (environments.length < 2) return codeBlock([uriLine(publicUrl), tokenLine])
  const addresses = environments.map(
    ({ name }) => `<h2>In ${escapeHtml(name)}</h2>${codeBlock([uriLine(`${publicUrl}/env/${name}`)])}`,
  )
  return `${addresses.join('')}<h2>And in each of them</h2>${codeBlock([tokenLine])}`
}

/** Leads to MLflow's pages. */
function back({ publicUrl }: CodeAddress): string {
  return `<a class="button plain" href="${basePathOf(publicUrl)}/">Back to MLflow</a>`
}

/** How to use MLflow from code: with a token of the Azure CLI, or with one that is shown once. */
export function codePage(address: CodeAddress, scope: string): string {
  const token = `"$(az account get-access-token --scope ${quote(scope)} --query accessToken --output tsv)"`
  const base = basePathOf(address.publicUrl)
  const button = (path: string, text: string, plain = '') =>
    `<form method="post" action="${base}${path}"><button class="button${plain}">${text}</button></form>`
  const buttons = `${button(loginPaths.oneTimeCode, 'Get a one-time code')}${button(loginPaths.code, 'Show a token once', ' plain')}`
  const content = `<p>Two lines in a shell, and MLflow's clients come here as you. With the Azure CLI:</p>${exportLines(address, token)}
<h2>Without the Azure CLI</h2><p>Get a token that is yours and good for about an hour: whoever has it can do what you may do. A one-time code gets it into your shell unseen.</p>
<div class="actions">${buttons}${back(address)}</div>`
  return plainPage('Use it from code', content, 'wide')
}

/** The two lines with a code in them that gets a token once. */
export function oneTimePage(address: CodeAddress, code: string): string {
  const token = `"$(curl -fsS -d code=${code} ${quote(`${address.publicUrl}${loginPaths.token}`)})"`
  const content = `<p>The code is good for ${codeLife} seconds and once, while you are logged in. The token that it gets is good for about an hour.</p>${exportLines(address, token)}
<p class="actions"><a class="button plain" href="${basePathOf(address.publicUrl)}${loginPaths.code}">Get another</a>${back(address)}</p>`
  return plainPage('Your one-time code', content, 'wide')
}

/** The two lines with a token in them. */
export function tokenPage(address: CodeAddress, token: string, endsAt: Date): string {
  const until = endsAt.toISOString().slice(0, 16).replace('T', ' ')
  const content = `<p>Good until ${until} UTC, and shown only now. Keep it out of notebooks and repositories.</p>${exportLines(address, quote(token))}
<p class="actions">${back(address)}</p>`
  return plainPage('Your token', content, 'wide')
}
