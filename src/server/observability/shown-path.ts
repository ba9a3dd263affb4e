/** Longer ones, and those that begin as tokens do, could be a secret in the wrong place. */
const longest = { segment: 40, path: 256 } as const

/** A part of an address for a log: what could be a token is left out. */
export function showSegment(text: string): string {
  return text.length > longest.segment || /^(?:eyJ|dapi)/i.test(text) ? '…' : text
}

/** The path of an address for the log, without its query. */
export function showPath(url: string): string {
  const [path = ''] = url.split('?', 1)
  return path
    .slice(0, 16 * longest.path)
    .split('/')
    .map(showSegment)
    .join('/')
    .slice(0, longest.path)
}
