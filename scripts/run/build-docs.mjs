// Builds the site of docs into .cache/site. A link to a page that is not there ends it, and so does one to a place that its page does not have.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vitepress'
import { root } from '../setup/ensure.mjs'

await build(join(root, 'docs'))
const site = join(root, '.cache', 'site')
const pages = new Map(globSync('*.html', { cwd: site }).map((name) => [name, readFileSync(join(site, name), 'utf8')]))
const lost = []
for (const [page, html] of pages) {
  for (const [, target, anchor] of html.matchAll(/<a\b[^>]*\bhref="(?:\.?\/)?([\w-]+\.html)?#([^"]+)"/g)) {
    const there = pages.get(target ?? page)
    if (!there?.includes(`id="${decodeURIComponent(anchor)}"`)) lost.push(`${page}: ${target ?? ''}#${anchor}`)
  }
}
for (const line of new Set(lost)) console.error(`a place that is not there: ${line}`)
console.log(`${pages.size} pages in ${site}`)
if (lost.length > 0) process.exitCode = 1
