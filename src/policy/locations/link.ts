/** What a browser takes away from an address before it reads it: spaces and control characters around it, tabs and line ends in it. */
function asBrowsersRead(text: string): string {
  return text.replace(/[\t\n\r]/g, '').replace(/^[\0- ]*/, '')
}

/** Schemes by which an address brings its own document or script, which would run as a page of whoever shows the link. */
const scripts = /^(?:javascript|vbscript|livescript|mocha|data|blob|filesystem|jar|mhtml|view-source):/i

/** Whether a text, where it is shown as a link, may run a script. A part of a text of several lines may be shown by itself. */
export function runsScript(text: string): boolean {
  return [text, ...text.split(/[\n\r\u2028\u2029]/)].some((line) => scripts.test(asBrowsersRead(line)))
}

/** Whether a text is a link to a page of the web, and is read as one in one way only. */
export function isWebLink(text: string): boolean {
  return /^https?:\/\/[^\s\\/?#]/i.test(text) && !/[\0-\x1f\x7f]/.test(text)
}
