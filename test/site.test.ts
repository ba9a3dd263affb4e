import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { navigation } from '../docs/.vitepress/navigation.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

t.test('each page is in the navigation once', async (t) => {
  const pages = readdirSync(join(root, 'docs')).flatMap((name) => /^(.*)\.md$/.exec(name)?.[1] ?? [])
  const named = navigation.flatMap(({ pages }) => pages.map(([name]) => name))
  t.same(named.sort(), pages.sort())
})

t.test('the messages of the troubleshooting page are those of the program', async (t) => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const source = files.map((name) => read(join('src', name))).join('\n')
  const messages = [...read('docs/troubleshooting.md').matchAll(/^\| ([^|]+) \| [^|]+ \|$/gm)].map(([, message = '']) => message)
  const told = messages.filter((message) => !message.startsWith('the message says'))
  t.ok(told.length > 20, `${told.length} messages`)
  for (const message of told) t.ok(source.includes(message), message)
})
