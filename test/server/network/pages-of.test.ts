import t from 'tap'
import { pagesOf } from '../../../src/server/network/pages-of.ts'

interface Page {
  readonly rows: number
  readonly next: string
}

async function read(pages: Readonly<Record<string, Page>>, most = Number.POSITIVE_INFINITY) {
  const asked: string[] = []
  const ask = async (token: string): Promise<Page> => {
    asked.push(token)
    return pages[token] ?? { rows: -1, next: '' }
  }
  const rows: number[] = []
  for await (const page of pagesOf(ask, ({ next }) => next)) {
    rows.push(page.rows)
    if (rows.length >= most) break
  }
  return { rows, asked }
}

t.test('pages come until there is no token, an empty one among them', async (t) => {
  const pages = { '': { rows: 2, next: 'a' }, a: { rows: 0, next: 'b' }, b: { rows: 1, next: '' } }
  t.same(await read(pages), { rows: [2, 0, 1], asked: ['', 'a', 'b'] })
  t.same(await read(pages, 2), { rows: [2, 0], asked: ['', 'a'] }, 'no page is asked for that nobody reads')
})

t.test('a list that would never end is refused', async (t) => {
  await t.rejects(read({ '': { rows: 1, next: 'a' }, a: { rows: 1, next: 'a' } }), {
    reason: 'unknown-answer',
    message: /same page/,
  })
})
