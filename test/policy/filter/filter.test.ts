import fc from 'fast-check'
import t from 'tap'
import {
  attributeClause,
  type Clause,
  type FilterValue,
  parseFilter,
  printFilter,
} from '../../../src/policy/filter/filter-string.ts'
import { tokenizeFilter } from '../../../src/policy/filter/filter-tokens.ts'
import { matchesLike } from '../../../src/policy/filter/like.ts'
import { attributeKey, mapNames } from '../../../src/policy/filter/name-filter.ts'
import { parseOrderBy, printOrderBy } from '../../../src/policy/filter/order-by.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { tryLaw } from '../../harness/law.ts'

const refusal = { name: 'Refusal', reason: 'invalid-parameter' }
const string = (text: string): FilterValue => ({ kind: 'string', text })

/** A clause in short: entity, key, comparator, and the value's text, items or nothing. */
function short({ entity, key, comparator, value }: Clause): unknown[] {
  const shown = value.kind === 'list' ? value.items : value.kind === 'null-test' ? null : value.text
  return [entity, key, comparator, shown]
}

// What MLflow 1.30.1, 2.9.2, 2.22.4 and 3.17.2 were seen to read; the second column is what is printed
// biome-ignore format: a table
const accepted: [text: string, printed: string, ...clauses: unknown[][]][] = [
  ['', ''],
  ['AND', ''],
  ["name = 'a'", "name = 'a'", [null, 'name', '=', 'a']],
  ["name='x'AND name!='y'", "name = 'x' AND name != 'y'", [null, 'name', '=', 'x'], [null, 'name', '!=', 'y']],
  ["AND name = 'a' and AND name='b' AND ", "name = 'a' AND name = 'b'", [null, 'name', '=', 'a'], [null, 'name', '=', 'b']],
  ["name = 'a' name = 'b'", "name = 'a' AND name = 'b'", [null, 'name', '=', 'a'], [null, 'name', '=', 'b']],
  ["name\u00a0ilike\n'%A_'", "name ILIKE '%A_'", [null, 'name', 'ILIKE', '%A_']],
  ['name LIKE"it\'s"', 'name LIKE "it\'s"', [null, 'name', 'LIKE', "it's"]],
  ['name = \'say "hi"\'', 'name = \'say "hi"\'', [null, 'name', '=', 'say "hi"']],
  ["name = 'a''b'", 'name = "a\'\'b"', [null, 'name', '=', "a''b"]],
  ["name = 'x -- ; /* $$ # OR ('", "name = 'x -- ; /* $$ # OR ('", [null, 'name', '=', 'x -- ; /* $$ # OR (']],
  ["tags.note = 'a\tb\nc'", "tags.note = 'a\tb\nc'", ['tags', 'note', '=', 'a\tb\nc']],
  ["tags.path = 'C:\\dir'", "tags.path = 'C:\\dir'", ['tags', 'path', '=', 'C:\\dir']],
  ["attributes.`run name` = 'a'", "attributes.`run name` = 'a'", ['attributes', 'run name', '=', 'a']],
  ["`attribute`.run_id = 'a'", "attribute.run_id = 'a'", ['attribute', 'run_id', '=', 'a']],
  ['"name" = \'a\'', '"name" = \'a\'', [null, 'name', '=', 'a']],
  ["attribute.'name' = 'a'", "attribute.'name' = 'a'", ['attribute', 'name', '=', 'a']],
  ["tags.mlflow.user = 'a'", "tags.mlflow.user = 'a'", ['tags', 'mlflow.user', '=', 'a']],
  [
    "params.1b = '2' AND tags.日本 = 'x'",
    "params.1b = '2' AND tags.日本 = 'x'",
    ['params', '1b', '=', '2'],
    ['tags', '日本', '=', 'x'],
  ],
  ['tags."`x`" = \'a\'', 'tags."`x`" = \'a\'', ['tags', 'x', '=', 'a']],
  ['tags.`"x"` = \'a\'', 'tags.`"x"` = \'a\'', ['tags', '"x"', '=', 'a']],
  ["tags.`a``b` = 'a'", "tags.`a``b` = 'a'", ['tags', 'a``b', '=', 'a']],
  [
    'metrics.a>-1.5e-3 AND metrics.a<5.',
    'metrics.a > -1.5e-3 AND metrics.a < 5.',
    ['metrics', 'a', '>', '-1.5e-3'],
    ['metrics', 'a', '<', '5.'],
  ],
  [
    'start_time >= 007 AND end_time!=.5',
    'start_time >= 007 AND end_time != .5',
    [null, 'start_time', '>=', '007'],
    [null, 'end_time', '!=', '.5'],
  ],
  ['run_id IN(\'a\' ,\n"b",)', "run_id IN ('a', 'b')", [null, 'run_id', 'IN', ['a', 'b']]],
  ["run_id not  in ('a')", "run_id NOT IN ('a')", [null, 'run_id', 'NOT IN', ['a']]],
  [
    'tags.x is null AND params.y IS NOT NULL',
    'tags.x IS NULL AND params.y IS NOT NULL',
    ['tags', 'x', 'IS NULL', null],
    ['params', 'y', 'IS NOT NULL', null],
  ],
  ["span.attributes.foo RLIKE '^a'", "span.attributes.foo RLIKE '^a'", ['span', 'attributes.foo', 'RLIKE', '^a']],
]

// biome-ignore format: a table
const refused = [
  "name = 'a' OR name = 'b'", "NOT name = 'a'", "(name = 'a')", "name = 'a';", "name = 'a'; name = 'b'", "name = 'a' -- x",
  "name = 'a' /* x */", "name = 'a' # x", "name = 'a", 'name = "a', "tags.`a = 'b'", "name = '''", "name = a", 'name = `a`',
  'name', 'name =', "= 'a'", "'a' = name", "'name' = 'a'", "name == 'a'", "name <> 'a'", "name =! 'a'", "name NOT LIKE 'a'",
  "name BETWEEN 'a'", "name IS 'a'", "name IN 'a'", 'name IN ()', 'name IN (1)', "name IN (('a'))", "name IN ('a' 'b')", "name IN ('a''b')",
  "name IN ('a\\n')", "name IN ('a\nb')", "name IN ('a'", "name IN ('a',,'b')", "name = ('a')", "name = 'a' run_id IN ('b')",
  "name = 'a\\''b'", 'tags."a\\" = \'x\'', "name = 'it\\'s'", "name = 'a\\'", "name = 'a\\' AND tags.x = ' OR y'", 'name = \'a\'\'"b\'', "name = 'a\u0000'", "name = '\ud800'",
  "attribute . name = 'a'", "tags. foo = 'a'", "`tags.foo` = 'a'", '"tags".foo = \'a\'', "tags.`a`.b = 'x'", "tags.x ASC = 'a'",
  "tags.a[1] = 'x'", "tags.a::int = 'x'", "params.from = '1'", "params.a-b = '1'", "params.a.1 = '2'", "and.x = 'a'",
  'metrics.a > 1e+3', 'metrics.a > 0x10', 'metrics.a > 1_0', 'metrics.a > 1AND metrics.b < 2', 'metrics.a > ٣', 'metrics.a > - 1', "name = 'a'.x",
]

t.test('a filter is read as MLflow reads it, and printed in one form', async (t) => {
  for (const [text, printed, ...clauses] of accepted) {
    t.same(parseFilter(text).map(short), clauses, `reads ${text}`)
    t.equal(printFilter(parseFilter(text)), printed, `prints ${text}`)
    t.same(parseFilter(printed).map(short), clauses, `reads its own print of ${text}`)
  }
  t.same(parseFilter(' \n'), [])
})

t.test('what MLflow refuses, or could be read in two ways, is refused', async (t) => {
  for (const text of refused) t.throws(() => parseFilter(text), refusal, JSON.stringify(text))
  t.throws(() => parseFilter("a = 'b' OR c = 'd'"), { message: /^Invalid clause\(s\) in filter string: 'OR'/ })
  t.throws(() => parseFilter("a = 'b'; c = 'd'"), { message: /^Search filter contained multiple expression/ })
})

t.test('a clause that would be read as another is not printed', async (t) => {
  const name = { entity: null, key: 'name', keyText: 'name', comparator: '=', value: string('a') }
  t.equal(
    printFilter([name, attributeClause('run_id', 'IN', { kind: 'list', items: ['a', "it's"] })]),
    "name = 'a' AND run_id IN ('a', \"it's\")",
  )
  const bad: Clause[] = [
    ...['\'"', 'a\\', '\0', '\x9f', '\udc00'].map((text) => ({ ...name, value: string(text) })),
    ...[[], ['a\\b'], ['a\nb'], ['\'"']].map((items) => ({ ...name, comparator: 'IN', value: { kind: 'list', items } as const })),
    ...['', '1 OR 1', "1'", ' 1', '1 '].map((text) => ({ ...name, value: { kind: 'number', text } as const })),
    ...['name = 1 OR x', 'a b', '', 'tags.x', "'name'", 'and', '`a`.b'].map((keyText) => ({ ...name, key: keyText, keyText })),
    ...['tags.', 'a b', '"tags"', '', 'tags.`x` = 1 AND y'].map((entity) => ({ ...name, entity })),
    ...['OR', '==', 'NOT LIKE', 'IN', 'IS NULL', 'like', "= 'x' AND name ="].map((comparator) => ({ ...name, comparator })),
    { ...name, key: 'other' },
    { ...name, value: { kind: 'null-test' } },
    { ...name, comparator: '=', value: { kind: 'list', items: ['a'] } },
  ]
  for (const clause of bad) t.throws(() => printFilter([clause]), refusal, JSON.stringify(clause))
})

const nasty = fc.string({
  unit: fc.constantFrom(...'\'"`\\%_ ;-#/*().,=<>$aAé日😀\t\n1', 'AND', 'OR', '--', "''"),
  maxLength: 10,
})
const printable = (text: string) => !(text.includes("'") && text.includes('"')) && !text.endsWith('\\')
const text = nasty.filter(printable)
const item = nasty.filter((text) => printable(text) && !/[\\\n\t]/.test(text))
const scalar = fc.oneof(
  text.map(string),
  fc.constantFrom('0', '-1.5', '1e-7', '.5').map((text) => ({ kind: 'number', text }) as const),
)
const comparison = fc.oneof(
  fc.record({ comparator: fc.constantFrom('=', '!=', '<', '<=', '>', '>=', 'LIKE', 'ILIKE', 'RLIKE'), value: scalar }),
  fc.record({
    comparator: fc.constantFrom('IN', 'NOT IN'),
    value: fc.record({ kind: fc.constant('list' as const), items: fc.array(item, { minLength: 1, maxLength: 3 }) }),
  }),
  fc.record({ comparator: fc.constantFrom('IS NULL', 'IS NOT NULL'), value: fc.constant({ kind: 'null-test' } as const) }),
)
const identifier = fc.oneof(
  fc.constantFrom('name', 'run_id', 'start_time', 'é').map((key) => ({ entity: null, key, keyText: key })),
  fc
    .tuple(fc.constantFrom('tags', 'attribute', 'metrics', 'span'), fc.constantFrom('a', 'mlflow.user', '_x.1b'))
    .map(([entity, key]) => ({ entity, key, keyText: key })),
  item.filter((key) => !/[`'"]/.test(key)).map((key) => ({ entity: 'params', key, keyText: `\`${key}\`` })),
)
const clauses: fc.Arbitrary<Clause[]> = fc.array(
  fc.tuple(identifier, comparison).map(([left, right]) => ({ ...left, ...right })),
  { maxLength: 4 },
)

t.test('laws of parsing and printing', async (t) => {
  const same = (given: Clause[]) => JSON.stringify(parseFilter(printFilter(given))) === JSON.stringify(given)
  fc.assert(fc.property(clauses, same), { numRuns: 500 })
  const piece = fc.constantFrom(
    'name',
    'tags.',
    '`x y`',
    '=',
    "'a'",
    '"b"',
    ' ',
    'AND',
    'IN',
    '(',
    ')',
    ',',
    '5',
    '.',
    'NOT',
    'IS',
    'NULL',
    ';',
    "'",
    '\\',
    '-',
  )
  let read = 0
  for (const [, printed] of accepted) t.equal(printFilter(parseFilter(printed)), printed, 'printing twice changes nothing')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
        nasty,
      ),
      (anything) => {
        try {
          const printed = printFilter(parseFilter(anything))
          read += 1
          return (
            printFilter(parseFilter(printed)) === printed &&
            tokenizeFilter(anything)
              .map((token) => token.text)
              .join('') === anything
          )
        } catch (error) {
          return error instanceof Refusal
        }
      },
    ),
    { numRuns: 2000 },
  )
  t.ok(read > 20, 'some of the texts are filters')
})

t.test('names in a filter are mapped, and nothing else', async (t) => {
  const mapping = { exact: (name: string) => `${name}_acc`, pattern: (pattern: string) => `${pattern}_ACC` }
  const map = (filter: string) => printFilter(mapNames(parseFilter(filter), (clause) => attributeKey(clause) === 'name', mapping))
  t.equal(
    map(
      "name = 'a' AND `name` != 'b' AND attribute.name LIKE 'c%' AND attr.\"name\" ILIKE 'd' AND name IN ('e', 'f') AND name NOT IN ('g')",
    ),
    "name = 'a_acc' AND `name` != 'b_acc' AND attribute.name LIKE 'c%_ACC' AND attr.\"name\" ILIKE 'd_ACC' AND name IN ('e_acc', 'f_acc') AND name NOT IN ('g_acc')",
  )
  t.equal(map("tags.name = 'a' AND params.name > 'b' AND run_id = 'c'"), "tags.name = 'a' AND params.name > 'b' AND run_id = 'c'")
  for (const filter of ["name > 'a'", "name RLIKE 'a'", 'name IS NULL', 'name = 5']) t.throws(() => map(filter), refusal, filter)
})

t.test('a clause addresses an attribute unless its prefix says another thing', async (t) => {
  const keyOf = (filter: string) => parseFilter(`${filter} = 'x'`).map(attributeKey)[0]
  for (const name of [
    'name',
    '`name`',
    '"name"',
    '" name "',
    'attribute.name',
    'attributes.`name`',
    'attr."name"',
    "run.'name'",
    '`attribute`.name',
    'trace.name',
  ]) {
    t.equal(keyOf(name), 'name', name)
  }
  for (const name of ['Tags.name', 'TAG.name', 'unheard_of.name'])
    t.equal(keyOf(name), 'name', `${name} is not known, so taken for an attribute`)
  for (const entity of ['tag', 'tags', 'param', 'metrics', 'dataset', 'metadata', 'span', 'feedback'])
    t.equal(keyOf(`${entity}.name`), null, entity)
})

t.test('an order_by entry is read as MLflow reads it', async (t) => {
  const ok: [text: string, printed: string, entity: string | null, key: string][] = [
    ['name', 'name', null, 'name'],
    [' name  desc ', 'name DESC', null, 'name'],
    ['timestamp ASC', 'timestamp ASC', null, 'timestamp'],
    ['`Run Name` DESC', '`Run Name` DESC', null, 'Run Name'],
    ['"name" Asc', 'name ASC', null, 'name'],
    ['metrics.`my loss` DESC', 'metrics.`my loss` DESC', 'metrics', 'my loss'],
    ["metrics.'my loss'", 'metrics.`my loss`', 'metrics', 'my loss'],
    ['`metrics.my loss` DESC', 'metrics.`my loss` DESC', 'metrics', 'my loss'],
    ['"metrics"."loss" desc', 'metrics.loss DESC', 'metrics', 'loss'],
    ['metrics.loss.1 DESC', 'metrics.`loss.1` DESC', 'metrics', 'loss.1'],
    ['tags.mlflow.user', 'tags.mlflow.user', 'tags', 'mlflow.user'],
    ["params.`it's` ASC", "params.`it's` ASC", 'params', "it's"],
    ['params.version', 'params.version', 'params', 'version'],
    ['tags.`from`', 'tags.`from`', 'tags', 'from'],
  ]
  for (const [text, printed, entity, key] of ok) {
    const order = parseOrderBy(text)
    t.match(order, { entity, key }, text)
    t.equal(printOrderBy(order), printed, `prints ${text}`)
    t.same(parseOrderBy(printed), order, `reads its own print of ${text}`)
  }
  // biome-ignore format: a table
  const bad = [
    '', ' ', 'name, run_id', 'name foo', 'name ASC DESC', 'name DESC NULLS LAST', 'name;', 'name -- x', 'name/**/DESC', "'name' DESC", "'name'", '1 DESC',
    '`metrics.a`', 'metrics. a DESC', 'metrics.a-b DESC', 'metrics.a[0] DESC', 'metrics.`a"b` DESC', 'tags.`a\\b` DESC', "tags.\"'x'\"", 'tags.`a`DESC',
    'metrics.`a', 'metrics.`a``b` DESC', 'metrics.loss.1', "'attr.name' DESC", 'metrics.`` DESC', 'name = 1', '"a b".c DESC',
  ]
  for (const text of bad) t.throws(() => parseOrderBy(text), { ...refusal, message: /order_by clause/ }, text)
  t.throws(() => parseOrderBy('name foo'), { message: /^Invalid ordering key in order_by clause/ })
  for (const key of ['a`b', 'a.b', '', 'x" DESC'])
    t.throws(() => printOrderBy({ entity: null, key, keyText: key, direction: 'ASC' }), refusal, key)
})

t.test('LIKE is read as SQL has it, in time that no pattern makes long', async (t) => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '%', '_', '.', '\\'), maxLength: 12 })
  const asExpression = (pattern: string) =>
    new RegExp(`^${pattern.replace(/[.\\]/g, '\\$&').replaceAll('%', '.*').replaceAll('_', '.')}$`, 's')
  t.equal(
    tryLaw(fc.property(letters, letters, (text, pattern) => matchesLike(text, pattern) === asExpression(pattern).test(text))),
    'holds',
  )
  const before = performance.now()
  t.notOk(matchesLike('a'.repeat(256), `${'%a'.repeat(200)}%b`))
  t.ok(performance.now() - before < 1_000)
})
