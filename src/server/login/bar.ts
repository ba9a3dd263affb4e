import { environmentsOf } from '../../policy/environments/choose-environment.ts'
import type { Environment, PolicyConfig } from '../../policy/environments/environment.ts'
import type { PageBar } from '../http/browser.ts'
import { loginPaths, promotePath } from '../http/login-paths.ts'
import { escapeHtml } from '../http/plain-page.ts'
import { barStyle, closedParts, roomStyle } from './bar-style.ts'

/** What the bar in MLflow's page says. */
interface BarContent {
  readonly person: string
  readonly basePath: string
  readonly environment: Environment
  /** All of the person's. */
  readonly environments: readonly Environment[]
  /** Whether rules promote versions. */
  readonly promotes: boolean
}

function switchLinks({ basePath, environment, environments }: BarContent): string {
  if (environments.length < 2) return ''
  const links = environments.map(({ name, production }) => {
    const current = name === environment.name ? ' aria-current="true"' : ''
    return `<a href="${basePath}/env/${name}/"${current}>${name}${production ? ' (production)' : ''}</a>`
  })
  return `<small>Switch to</small>${links.join('')}<hr>`
}

/**
 * MLflow's pages only show that something failed. When a login has ended, the bar says so, and leads to a login that comes back; when a page
 * asks for what is closed, it says why, until another page is open. What every page asks for by itself has no part that is shown.
 */
const explain = (
  basePath: string,
) => `const bar=document.getElementById('env-proxy-bar'),[ended,closed]=bar.shadowRoot.querySelectorAll('p'),again=ended.querySelector('a')
again.onclick=()=>{again.href='${basePath}${loginPaths.login}?to='+encodeURIComponent(location.pathname+location.search+location.hash)}
const page=()=>location.hash.split('?')[0]
let from
new PerformanceObserver(list=>{for(const entry of list.getEntries()){
if(entry.responseStatus===401)ended.hidden=false
const why=entry.serverTiming.find(({name})=>name==='closed')?.description
if(why&&!/\\/mlflow\\/(assistant|users)\\//.test(entry.name)){from=page();closed.textContent='Closed here: '+why}
closed.hidden=from!==page()}}).observe({type:'resource'})`

/** Leads to the promotion of the version that a page of MLflow's shows. */
const promoteFromHere = `const promote=document.getElementById('env-proxy-bar').shadowRoot.querySelector('[data-from]')
promote.onclick=()=>{const [,model='',version='']=/^#\\/models\\/([^/?]+)(?:\\/versions\\/([0-9]+))?/.exec(location.hash)??[]
promote.search=new URLSearchParams({from:promote.dataset.from,model:decodeURIComponent(model),version})}`

/** The bar: who and in which environment you are, and a menu. In a shadow tree, so that neither page's styles reach the other's. */
function renderBar(content: BarContent): string {
  const { person, environment, basePath, promotes } = content
  const mark = environment.production ? '<mark>PRODUCTION</mark>' : ''
  const promote = promotes ? `<a href="${basePath}${promotePath}" data-from="${environment.name}">Promote a version</a>` : ''
  const links = `${switchLinks(content)}${promote}<a href="${basePath}${loginPaths.code}">Use it from code</a><a href="${basePath}${loginPaths.logout}">Log out</a>`
  const menu = `<details><summary>${escapeHtml(person)}</summary><div>${links}</div></details>`
  const ended = `<p role="status" hidden>Your login has ended. <a href="${basePath}${loginPaths.login}">Log in again</a></p><p role="status" hidden></p>`
  const nav = `<nav class="${environment.production ? 'production' : ''}" aria-label="Environment and login"><span>Environment <b>${environment.name}</b></span>${mark}${ended}${menu}</nav>`
  return `<style>${roomStyle}${closedParts}</style><div id="env-proxy-bar"><template shadowrootmode="open"><style>${barStyle}</style>${nav}</template></div><script>{${explain(basePath)}}${promotes ? `{${promoteFromHere}}` : ''}</script>`
}

/** The bar for a request of MLflow's page; null for a caller without a login. */
export function barOf(config: PolicyConfig, { browser, authenticated, auditRecord }: Parameters<PageBar>[0]): string | null {
  const { environment } = auditRecord
  if (browser?.person == null || authenticated === null || environment === null) return null
  const { person, basePath } = browser
  const environments = environmentsOf(config, authenticated.principal)
  return renderBar({ person, basePath, environment, environments, promotes: config.promotions !== undefined })
}
