import fc from 'fast-check'
import t from 'tap'
import { Refusal } from '../../../src/policy/reasons.ts'
import { readOwnPath } from '../../../src/server/login/own-path.ts'

const own = 'https://proxy.example'

/** Where a browser ends up that the login sends on; null if the address is refused. */
function landing(text: string): URL | null {
  try {
    return new URL(readOwnPath(text, own), `${own}/-/login/callback`)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

t.test('paths of this server are kept as they are', async (t) => {
  for (const path of [
    '/',
    '/env/prod/',
    '/env/prod/?a=b#/models/fraud',
    '/#/experiments/1?x=//y',
    '/a//b',
    '/%2F%2Fevil.example',
  ])
    t.equal(readOwnPath(path, own), path)
  t.equal(readOwnPath(undefined, own), '/')
})

t.test('nothing leads to another server', async (t) => {
  const foreign = [
    '//evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/%2e//evil.example',
    '/x/%2E%2e//evil.example',
    '/./..//evil.example/..',
    '/\\evil.example',
    '/\t/evil.example',
    '\\\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    'evil.example',
  ]
  for (const text of foreign) t.equal(landing(text), null, text)
})

t.test('law: whatever is asked for, the browser stays here, and never at the pages of the login', async () => {
  const piece = fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '\\',
    '@',
    ':',
    '?',
    '#',
    'evil.example',
    '-',
    'logout',
    'http:',
    '\t',
    '\n',
    ' ',
    'é',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const url = landing(`/${pieces.join('')}`)
      return url === null || (url.origin === own && !url.pathname.startsWith('/-/log'))
    }),
    { numRuns: 20_000 },
  )
})
