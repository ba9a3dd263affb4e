import t from 'tap'
import { pendingStageTag } from '../../../src/policy/checks/request/tags.ts'
import type { Environment, PolicyConfig } from '../../../src/policy/environments/environment.ts'
import { findEnvironmentProblems } from '../../../src/policy/environments/environment-problems.ts'
import { findsWord, mayBeOne, readings } from '../../../src/policy/names/look-alikes.ts'
import { ownerOf, resolveName, showName } from '../../../src/policy/names/names.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { judge, makeEnvironment, requestTo, verdictOf } from '../../fakes/fake-fact-source.ts'
import { acc, config, inAcc, inProd, prod, tenancy } from '../../fixtures/tenancy.ts'
import { showText } from '../../harness/law.ts'

/** How a database may take other texts for an ASCII word: one function a kind. */
const disguises: Readonly<Record<string, (word: string) => string>> = {
  'another case': (word) => word.toUpperCase(),
  'an accent': (word) => word.replace(/[aeo]/, (letter) => `${letter}\u0301`.normalize('NFC')),
  'an accent by itself': (word) => word.replace(/[aeo]/, (letter) => `${letter}\u0301`),
  'many marks': (word) => [...word].map((letter) => `${letter}\u0300\u0323`).join(''),
  'another width': (word) => word.replace(/[!-~]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
  'a circle around letters': (word) =>
    word.replace(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0x61 + 0x24d0)),
  'letters of mathematics': (word) =>
    word.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) - 0x61 + 0x1d41a)),
  'what is not seen': (word) => [...word].join('\u200b'),
  'a soft hyphen': (word) => `${word.slice(0, 2)}\u00ad${word.slice(2)}`,
  'a selector at the end': (word) => `${word}\ufe0f`,
  'a stroke': (word) => word.replace('o', 'ø').replace('d', 'đ').replace('l', 'ł'),
  'a long s': (word) => word.replace(/s/g, 'ſ'),
  'a sharp s for two': (word) => word.replace('ss', 'ß'),
  'a sharp s for one': (word) => word.replace('s', 'ß'),
  'a dotless i': (word) => word.replace('i', 'ı'),
  'a dotted capital I': (word) => word.replace('i', 'İ'),
  'the Kelvin sign': (word) => word.replace('k', '\u212a'),
  'a ligature': (word) => word.replace('ae', 'æ').replace('oe', 'œ').replace('st', 'ﬆ').replace('fi', 'ﬁ'),
  'Greek letters, as SQL Server reads them': (word) => word.replace('a', 'α').replace('p', 'π'),
  'spaces behind it': (word) => `${word}  `,
}

/** The spellings of a word that are others than the word. */
function spellings(word: string): [kind: string, spelling: string][] {
  return Object.entries(disguises).flatMap(([kind, disguise]): [string, string][] =>
    disguise(word) === word ? [] : [[kind, disguise(word)]],
  )
}

t.test('what any default collation takes for a word is taken for it, and what none does is not', async (t) => {
  for (const word of [
    'production',
    'staging',
    'mlflow.assessment.sourceRunId',
    'mlflow.log-model.history',
    '_prod',
    'kafka_acc',
  ]) {
    for (const [kind, spelling] of spellings(word)) t.ok(mayBeOne(spelling, word), `${word}: ${kind} ${showText(spelling)}`)
  }
  const others = [
    'products',
    'ρroduction',
    'продакшн',
    '生产',
    'production-2',
    'pre-production',
    'pro duction',
    '',
    'произв',
    'prodüktion',
  ]
  for (const other of others) t.notOk(mayBeOne(other, 'production'), showText(other))
  t.same(readings('groß'), ['gross', 'gros'], 'a sharp s in both ways')
  t.same(readings('_acc٢❷²'), ['_acc222'], 'digits of all scripts')
  t.equal(findsWord(['production', 'live'])(' LÌVE'), 'live')
})

t.test('whatever Unicode’s root collation takes for plain letters, case and accents apart, is taken for them', async (t) => {
  const collator = new Intl.Collator('und', { sensitivity: 'base' })
  const plain = [
    ...'abcdefghijklmnopqrstuvwxyz_-./:0123456789',
    'ae',
    'oe',
    'ss',
    'th',
    'ts',
    'dz',
    'fi',
    'ij',
    'lj',
    'nj',
    'dž',
    'st',
  ]
  const missed: string[] = []
  for (let code = 0x80; code < 0x1f200; code += 1) {
    const character = String.fromCodePoint(code)
    // Numbers of scripts that nobody writes any more are left to be found.
    if (/[\p{Cs}\p{Cn}]/u.test(character) || (code > 0xffff && /[\p{No}\p{Nl}]/u.test(character))) continue
    if (collator.compare(character, '') === 0 && readings(`a${character}b`)[0] !== 'ab')
      missed.push(`${code.toString(16)} is unseen`)
    for (const text of plain) {
      if (collator.compare(character, text) === 0 && !mayBeOne(`x${character}x`, `x${text}x`))
        missed.push(`${code.toString(16)} is ${text}`)
    }
  }
  t.same(missed, [])
})

t.test('no spelling of a kept alias is free, whatever the configuration says of the database', async (t) => {
  const ask = (caller: Environment, alias: string) =>
    verdictOf(judge(config, caller, requestTo('setRegisteredModelAlias', { name: 'fraud', alias, version: '2' }), tenancy))
  for (const [kind, alias] of spellings('production')) {
    t.equal(ask(acc, alias), 'stage', `${kind}: ${showText(alias)}`)
    t.equal(ask(prod, alias), 'allow', `prod: ${showText(alias)}`)
  }
  for (const alias of ['生产', 'productivity', 'größe', 'прод']) t.equal(ask(acc, alias), 'allow', showText(alias))
})

/** Tags whose values or keys mean something: what MLflow or the proxy keeps, where it is written, and what comes of a foreign value. */
const kept: readonly (readonly [
  endpoint: string,
  fields: Readonly<Record<string, unknown>>,
  key: string,
  value: string,
  verdict: string,
])[] = [
  ['setModelVersionTag', { name: 'fraud', version: '2' }, pendingStageTag, 'None', 'invalid-parameter'],
  ['deleteModelVersionTag', { name: 'fraud', version: '2' }, pendingStageTag, '', 'invalid-parameter'],
  ...[
    'mlflow.parentRunId',
    'mlflow.rootRunId',
    'mlflow.sourceRun',
    'mlflow.assessment.sourceRunId',
    'mlflow.dbconnect.parentRunId',
  ].map((key) => ['setTag', { run_id: inAcc.run(1) }, key, inProd.run(1), 'not-found'] as const),
  ['setTag', { run_id: inAcc.run(1) }, 'mlflow.modelId', inProd.model(1), 'not-found'],
  ['setTag', { run_id: inAcc.run(1) }, 'mlflow.prompt.associatedRunIds', inProd.run(1), 'not-found'],
  ['setTag', { run_id: inAcc.run(1) }, 'mlflow.linkedPrompts', '[{"name":"fraud_prod","version":"1"}]', 'foreign-name'],
  ['setTag', { run_id: inAcc.run(1) }, 'mlflow.loggedModels', `[{"model_id":"${inProd.model(1)}"}]`, 'not-found'],
  ['setTraceTag', { trace_id: inAcc.trace(1) }, 'mlflow.artifactLocation', 's3://x', 'invalid-parameter'],
  ['setTraceTag', { trace_id: inAcc.trace(1) }, 'mlflow.trace.spansLocation', 's3://x', 'invalid-parameter'],
  ['setTraceTag', { trace_id: inAcc.trace(1) }, 'mlflow.assessment.scorerTraceId', inProd.trace(1), 'not-found'],
  ['setExperimentTag', { experiment_id: '0' }, 'mlflow.issueDetection.schedule', 'x', 'closed-endpoint'],
]

t.test('no spelling of a kept tag says what the tag itself may not', async (t) => {
  for (const [endpoint, fields, key, value, expected] of kept) {
    const said = (tag: string) => {
      const pair = endpoint.startsWith('delete') ? { key: tag } : { key: tag, value }
      return verdictOf(judge(config, acc, requestTo(endpoint, { ...fields, ...pair }), tenancy))
    }
    t.equal(said(key), expected, `${endpoint} ${key}`)
    for (const [kind, tag] of spellings(key)) t.equal(said(tag), expected, `${endpoint} ${showText(tag)}: ${kind}`)
    t.equal(said(`${key}.ähnlich`), 'allow', `${endpoint}: another key`)
  }
  for (const [kind, tag] of spellings('mlflow.modelVersions')) {
    const filter = `tags.\`${tag}\` LIKE '%prod%'`
    const asked = judge(config, acc, requestTo('searchModelVersions', { filter }), tenancy)
    t.equal(verdictOf(asked), 'invalid-parameter', `a filter on ${showText(tag)}: ${kind}`)
  }
})

t.test('no spelling of an id names what the id does', async (t) => {
  const verdict = (id: string) =>
    verdictOf(judge(config, acc, requestTo('createLoggedModel', { experiment_id: '0', source_run_id: id }), tenancy))
  const id = `ae${inProd.run(1).slice(2)}`
  for (const [kind, spelling] of spellings(id)) t.not(verdict(spelling), 'allow', `${kind}: ${showText(spelling)}`)
  t.equal(verdict('my run of größe 3'), 'allow', 'free text names nothing')
})

const folding: PolicyConfig = {
  environments: [makeEnvironment('acc'), makeEnvironment('prod', { production: true, promotesFrom: ['acc'] })],
  foldsCase: true,
}
const [foldedAcc, foldedProd] = folding.environments

t.test('where the database folds, every spelling of a suffix or root is its environment’s', async (t) => {
  if (foldedAcc === undefined || foldedProd === undefined) throw new Error('two environments')
  for (const [kind, suffix] of spellings('_prod')) {
    const name = `fraud${suffix}`
    const owner = ownerOf(folding, 'model', name)?.owner.name ?? 'nobody'
    t.match(owner, /^(prod|nobody)$/, `${showText(name)} is ${owner}’s: ${kind}`)
    t.equal(showName(folding, foldedAcc, 'model', name), null, `and acc does not see ${showText(name)}`)
    try {
      const { owner: meant, upstream } = resolveName(folding, foldedAcc, 'model', name)
      t.same([meant.name, upstream], ['prod', 'fraud_prod'], `acc means prod’s by ${showText(name)}`)
    } catch (error) {
      t.ok(error instanceof Refusal, `${showText(name)} is refused`)
    }
  }
  for (const [kind, root] of spellings('/experiments/prod')) {
    const owner = ownerOf(folding, 'experiment', `${root}/churn`)?.owner.name ?? 'nobody'
    t.match(owner, /^(prod|nobody)$/, `${showText(root)}: ${kind}`)
    t.equal(showName(folding, foldedAcc, 'experiment', `${root}/churn`), null)
  }
})

t.test('where the database folds, names of all languages stay what they are', async (t) => {
  if (foldedAcc === undefined) throw new Error('two environments')
  for (const name of [
    'modèle',
    'größe',
    '模型',
    'прогноз',
    'ürünler',
    'naïve_bayes',
    'ﬁnal',
    'æther',
    'x²',
    'd\u0323\u0307',
    '🚀',
  ]) {
    const word = name.normalize('NFC')
    t.equal(resolveName(folding, foldedAcc, 'model', word).upstream, `${word}_acc`, showText(word))
    t.equal(ownerOf(folding, 'model', `${word}_acc`)?.logical, word)
    t.equal(resolveName(folding, foldedAcc, 'experiment', word).upstream, `/experiments/acc/${word}`)
    t.equal(ownerOf(folding, 'experiment', `/experiments/acc/${word}`)?.logical, word)
    t.equal(ownerOf(folding, 'model', `${word}_\u00e1cc`)?.logical, word, 'behind which the suffix has an accent')
  }
  const plain = { ...folding, foldsCase: false }
  t.equal(
    resolveName(plain, foldedAcc, 'model', 'fraud_pród').upstream,
    'fraud_pród_acc',
    'elsewhere it is a name like any other',
  )
})

t.test('roots that a folding database takes for one clash', async (t) => {
  const roots = (first: string, second: string, foldsCase: boolean) =>
    findEnvironmentProblems({
      environments: [makeEnvironment('acc', { experimentRoot: first }), makeEnvironment('prod', { experimentRoot: second })],
      foldsCase,
    }).length
  t.equal(roots('/e/prod', '/e/PROD', true), 1)
  t.ok(roots('/e/prod', '/e/pród', true) > 0)
  t.equal(roots('/e/prod', '/e/pród', false), 0)
})
