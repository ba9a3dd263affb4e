import fc from 'fast-check'
import t from 'tap'
import { findRule, matchGlob } from '../../../src/server/adoption/adoption-rules.ts'

t.test('globs match whole names, and say what each star stands for', async (t) => {
  const cases: [pattern: string, text: string, stars: string[] | null][] = [
    ['fraud', 'fraud', []],
    ['fraud', 'frauds', null],
    ['fraud*', 'fraud', ['']],
    ['*', '', ['']],
    ['team-*/*', 'team-a/b/c', ['a', 'b/c']],
    ['*-v?', 'x-v1-v2', ['x-v1']],
    ['**', 'ab', ['', 'ab']],
    ['a*b*c', 'a1b2b3c', ['1', '2b3']],
    ['?', '', null],
    ['a*', 'ba', null],
  ]
  for (const [pattern, text, stars] of cases) t.same(matchGlob(pattern, text), stars, `${pattern} ${text}`)
})

t.test('law: it matches as the regular expression does, and its parts make up the text', async () => {
  const letters = (...all: string[]) => fc.string({ unit: fc.constantFrom(...all), maxLength: 8 })
  fc.assert(
    fc.property(letters('a', 'b', '*', '?'), letters('a', 'b', '/'), (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`)
      const stars = matchGlob(pattern, text)
      if ((stars !== null) !== expression.test(text)) return false
      if (stars === null || pattern.includes('?')) return true
      let at = 0
      return pattern.replaceAll('*', () => stars[at++] ?? '') === text
    }),
  )
})

t.test('the first rule counts, and gives the name', async (t) => {
  const thing = { kind: 'model' as const, name: 'team-a/fraud', id: '', created: '', isDeleted: false, row: new Map() }
  const models = [
    { match: 'x*', environment: 'prod' },
    { match: 'team-*/*', environment: 'acc', name: '$2-of-$1 ($0)$9' },
    { match: '*', environment: 'prod' },
  ]
  t.match(findRule({ models }, thing), { rule: { environment: 'acc' }, name: 'fraud-of-a (team-a/fraud)' })
  t.equal(findRule({ experiments: models }, thing), null, 'rules of another kind do not count')
})
