import { hash } from 'node:crypto'
import { pageStyle } from './page-style.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** A text escaped for HTML, also as the value of an attribute in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => entities[mark] ?? '')
}

/**
 * Keeps what is behind the `#` of an address through a login: MLflow's pages are there, and no server is told. The links are those that
 * begin a login, whose last parameter is the address to come back to.
 */
const keepHash = 'for(const a of document.querySelectorAll("a[data-back]"))a.href+=encodeURIComponent(location.hash)'

/** Gives each block of lines for a shell a button that copies them, where the browser can: over https, and on this machine. */
const offerCopies = `if(navigator.clipboard)for(const code of document.querySelectorAll(".code")){
const lines=code.firstElementChild,button=document.createElement("button")
Object.assign(button,{type:"button",className:"button plain",textContent:"Copy",onclick:()=>navigator.clipboard.writeText(lines.textContent).then(
()=>{button.textContent="Copied";setTimeout(()=>{button.textContent="Copy"},2000)},()=>getSelection().selectAllChildren(lines))})
code.append(button)}`

const pageScript = `${keepHash}
${offerCopies}`

/** Lines for a shell. */
export function codeBlock(lines: readonly string[]): string {
  return `<div class="code"><pre>${escapeHtml(lines.join('\n'))}</pre></div>`
}

function sourceOf(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`
}

/** What a page may do: nothing but apply this style and run this script. */
export function pagePolicy(style: string, script: string | null): string {
  return [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    ...(script === null ? [] : [`script-src ${sourceOf(script)}`]),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const policy = pagePolicy(pageStyle, pageScript)

/** The headers of the proxy's own pages: nothing runs or is applied but their own style and script. `formTarget`: another origin to which a form may lead. */
export function ownPageHeaders(formTarget = ''): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `${policy}; form-action 'self' ${formTarget}`.trimEnd(),
    'referrer-policy': 'same-origin',
  }
}

/** A whole page; `title` is a text, `body` HTML. */
export function wholePage(title: string, style: string, body: string): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)} · MLflow</title>`
  return `<!doctype html><html lang="en"><head>${head}<style>${style}</style></head><body><header>ml<b>flow</b></header>${body}</body></html>`
}

/** One of the proxy's own pages; `title` is a text, `content` HTML. */
export function plainPage(title: string, content: string, width: '' | 'wide' = ''): string {
  const main = `<main class="${width}"><h1>${escapeHtml(title)}</h1>${content}</main>`
  return wholePage(title, pageStyle, `${main}<script>${pageScript}</script>`)
}
