import fc from 'fast-check'
import t from 'tap'
import type { Environment, PolicyConfig } from '../../../src/policy/environments/environment.ts'
import { findEnvironmentProblems } from '../../../src/policy/environments/environment-problems.ts'
import type { NameKind } from '../../../src/policy/names/name-form.ts'
import { nameProblem } from '../../../src/policy/names/name-form.ts'
import {
  defaultExperiment,
  hasLeadingSlash,
  mayRead,
  type OwnedName,
  ownerOf,
  resolveName,
  showName,
} from '../../../src/policy/names/names.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { makeEnvironment } from '../../fakes/fake-fact-source.ts'
import { showText, tryLaw } from '../../harness/law.ts'

const acc = makeEnvironment('acc')
const preprod = makeEnvironment('preprod')
const prod = makeEnvironment('prod', { production: true, promotesFrom: ['acc'] })
const plain: PolicyConfig = { environments: [acc, preprod, prod], foldsCase: false }
// Suffixes and roots that are close to each other without clashing
const close: PolicyConfig = {
  environments: [
    makeEnvironment('a', { modelSuffix: '-a', experimentRoot: '/x/a' }),
    makeEnvironment('ab', { modelSuffix: '-ab', experimentRoot: '/x/ab' }),
    makeEnvironment('b', { modelSuffix: '.B', experimentRoot: '/x' + '/b/c d' }),
  ],
  foldsCase: false,
}
const landscapes = [plain, close, { ...plain, foldsCase: true }, { ...close, foldsCase: true }]
const kinds = ['model', 'experiment'] as const

const anyKind = fc.constantFrom<NameKind>(...kinds)
const anyPlace = fc
  .constantFrom(...landscapes)
  .chain((config) => fc.tuple(fc.constant(config), fc.constantFrom(...config.environments)))
/** Parts of which names are made that come close to being qualified, beside arbitrary text. */
const hint = fc.constantFrom(
  '_acc',
  '_prod',
  '_ACC',
  '-a',
  '-ab',
  '.b',
  '/experiments',
  '/acc',
  '/prod',
  '/',
  'experiments',
  'x',
  'c d',
  'é',
  'İ',
  'ß',
  '\u212a',
  ' ',
  '.',
)
const anyName = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.array(fc.oneof(hint, fc.string({ maxLength: 4 })), { maxLength: 6 }).map((parts) => parts.join('')),
)

/** The owner and names of what a caller calls so, or the reason of the refusal. */
function attempt(config: PolicyConfig, environment: Environment, kind: NameKind, name: string): OwnedName | string {
  try {
    return resolveName(config, environment, kind, name)
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

t.test('the landscapes of these laws are sound', async (t) => {
  for (const config of landscapes) t.same(findEnvironmentProblems(config), [])
})

t.test('what a name is stored as leads back to its owner and logical name', async (t) => {
  let resolved = 0
  const law = tryLaw(
    fc.property(anyPlace, anyKind, anyName, ([config, environment], kind, name) => {
      const owned = attempt(config, environment, kind, name)
      if (typeof owned === 'string') return owned === 'invalid-parameter'
      resolved += 1
      const back = ownerOf(config, kind, owned.upstream)
      return back?.owner === owned.owner && back.logical === owned.logical && back.upstream === owned.upstream
    }),
  )
  t.equal(law, 'holds')
  t.ok(resolved > 1000, `${resolved} names were good ones`)
})

t.test('a plain name is the caller’s own, and is shown again as they wrote it', async (t) => {
  const law = tryLaw(
    fc.property(anyPlace, anyKind, anyName, ([config, environment], kind, name) => {
      const owned = attempt(config, environment, kind, name)
      if (typeof owned === 'string' || owned.owner !== environment) return true
      const shown = showName(config, environment, kind, owned.upstream)
      return shown === owned.logical && attempt(config, environment, kind, shown) !== 'invalid-parameter'
    }),
  )
  t.equal(law, 'holds')
})

t.test('whatever a caller is shown, they can say again and mean the same thing', async (t) => {
  const law = tryLaw(
    fc.property(anyPlace, fc.nat({ max: 2 }), anyKind, anyName, ([config, environment], other, kind, name) => {
      const owner = config.environments[other] ?? environment
      const stored = attempt(config, owner, kind, name)
      if (typeof stored === 'string') return true
      const shown = showName(config, environment, kind, stored.upstream)
      if (shown === null) return !mayRead(environment, stored.owner)
      const again = attempt(config, environment, kind, shown)
      return typeof again !== 'string' && again.upstream === stored.upstream && again.owner === stored.owner
    }),
  )
  t.equal(law, 'holds')
})

t.test('no stored name belongs to two environments, and no logical name of one is stored like another’s', async (t) => {
  const law = tryLaw(
    fc.property(fc.constantFrom(...landscapes), anyKind, anyName, anyName, (config, kind, name, other) => {
      const stored = new Map<string, string>()
      return config.environments.every((environment) =>
        [name, other].every((said) => {
          const owned = attempt(config, environment, kind, said)
          if (typeof owned === 'string') return true
          const key = config.foldsCase ? owned.upstream.toLowerCase() : owned.upstream
          const owner = stored.get(key) ?? owned.owner.name
          stored.set(key, owner)
          return owner === owned.owner.name
        }),
      )
    }),
  )
  t.equal(law, 'holds')
})

t.test('a stored name that is shown to somebody is written exactly as its owner would store it', async (t) => {
  const law = tryLaw(
    fc.property(fc.constantFrom(plain, close), anyKind, anyName, (config, kind, stored) => {
      const owned = ownerOf(config, kind, stored)
      if (owned === null) return true
      const again = attempt(config, owned.owner, kind, owned.logical)
      return owned.upstream === stored && typeof again !== 'string' && again.upstream === stored
    }),
  )
  t.equal(law, 'holds')
})

// biome-ignore format: a table
const meanings: [kind: NameKind, name: string, owner: string, logical: string, upstream: string][] = [
  ['model', 'fraud', 'acc', 'fraud', 'fraud_acc'],
  ['model', 'fraud_acc', 'acc', 'fraud', 'fraud_acc'],
  ['model', 'fraud_prod', 'prod', 'fraud', 'fraud_prod'],
  ['model', 'fraud_preprod', 'preprod', 'fraud', 'fraud_preprod'],
  ['model', 'fraud_ACC', 'acc', 'fraud_ACC', 'fraud_ACC_acc'],
  ['model', 'acc', 'acc', 'acc', 'acc_acc'],
  ['model', 'a b', 'acc', 'a b', 'a b_acc'],
  ['model', 'été/1', 'acc', 'été/1', 'été/1_acc'],
  ['experiment', 'churn', 'acc', 'churn', '/experiments/acc/churn'],
  ['experiment', '/churn', 'acc', 'churn', '/experiments/acc/churn'],
  ['experiment', '/experiments/acc/churn', 'acc', 'churn', '/experiments/acc/churn'],
  ['experiment', 'experiments/acc/churn', 'acc', 'churn', '/experiments/acc/churn'],
  ['experiment', '/experiments/prod/churn', 'prod', 'churn', '/experiments/prod/churn'],
  ['experiment', '/Users/a@b.c/churn', 'acc', 'Users/a@b.c/churn', '/experiments/acc/Users/a@b.c/churn'],
  ['experiment', '/experiments/accounts/x', 'acc', 'experiments/accounts/x', '/experiments/acc/experiments/accounts/x'],
  ['experiment', 'churn_prod', 'acc', 'churn_prod', '/experiments/acc/churn_prod'],
  // What Unicode takes for the same is the same.
  ['model', 'e\u0301te\u0301', 'acc', 'été', 'été_acc'],
  ['model', 'e\u0301te\u0301_acc', 'acc', 'été', 'été_acc'],
  ['experiment', 'e\u0301tude/\u212bngstro\u0308m', 'acc', 'étude/Ångström', '/experiments/acc/étude/Ångström'],
  ['experiment', '/experiments/prod/e\u0301tude', 'prod', 'étude', '/experiments/prod/étude'],
  ['gateway', 'e\u0301_acc', 'acc', 'é', 'é_acc'],
]

t.test('names mean what the design says, to a caller of acc', async (t) => {
  for (const [kind, name, owner, logical, upstream] of meanings) {
    const owned = resolveName(plain, acc, kind, name)
    t.same([owned.owner.name, owned.logical, owned.upstream], [owner, logical, upstream], `${kind} ${name}`)
  }
  t.equal(defaultExperiment(acc), '/experiments/acc/Default')
  t.equal(resolveName(plain, acc, 'experiment', 'Default').upstream, defaultExperiment(acc))
})

t.test('what is seen of a name’s leading slash', async (t) => {
  const inWorkspace: PolicyConfig = { ...plain, kind: 'databricks' }
  for (const [name, slash] of [
    ['churn', false],
    ['/churn', true],
    ['/Users/a@b.c/x', true],
    ['/experiments/acc/churn', null],
    ['experiments/prod/churn', null],
  ] as const)
    for (const config of [plain, inWorkspace]) t.equal(hasLeadingSlash(config, name), slash, name)
  t.equal(hasLeadingSlash(inWorkspace, '/Workspace/Shared/churn'), true)
  t.equal(hasLeadingSlash(inWorkspace, '/Workspace/experiments/acc/churn'), null)
})

// biome-ignore format: a table
const refused: [kind: NameKind, name: string, about: RegExp][] = [
  ['model', '', /is empty/], ['model', '_acc', /'_acc' is only an environment's suffix/], ['model', '_prod', /only an environment's suffix/],
  ['model', 'a\u0000b', /invisible/], ['model', 'a\nb', /invisible/], ['model', 'a\u200bb', /invisible/],
  ['model', 'a\u200d', /invisible/], ['model', '\ufeffa', /invisible/], ['model', 'a\u00adb', /invisible/], ['model', 'a\u202eb', /invisible/],
  ['model', 'a\u2028b', /invisible/], ['model', 'a\ud800', /invisible/], ['model', 'a\u0085', /invisible/],
  ['model', ' a', /space/], ['model', 'a ', /space/], ['model', 'a\u00a0', /space/], ['model', '\u3000a', /space/], ['model', 'a _acc', /space/],
  ['model', '.', /dot segment/], ['model', '..', /dot segment/], ['model', '../fraud_prod', /dot segment/], ['model', 'a/../b', /dot segment/], ['model', '.._acc', /dot segment/],
  ['model', 'x_prod_acc', /names an environment twice/], ['model', 'x_acc_acc', /names an environment twice/], ['model', 'x_acc_prod', /names an environment twice/],
  ['experiment', '', /is empty/], ['experiment', '/', /is empty/], ['experiment', '//', /empty/], ['experiment', '//churn', /empty/], ['experiment', 'a//b', /empty/], ['experiment', 'a/', /empty/],
  ['experiment', '/experiments/acc/', /only an environment's folder/], ['experiment', '/experiments/acc', /only an environment's folder/], ['experiment', 'experiments/prod', /only an environment's folder/],
  ['experiment', '/experiments/acc/../prod/x', /dot segment/], ['experiment', '/experiments/acc/experiments/prod/x', /names an environment twice/],
  ['experiment', '/experiments/acc//experiments/prod/x', /empty/], ['experiment', '/experiments/acc/experiments/acc', /names an environment twice/],
  ['experiment', 'a/ b', /space/], ['experiment', 'a /b', /space/], ['experiment', 'churn ', /space/], ['experiment', './churn', /dot segment/], ['experiment', 'a\u200b', /invisible/],
]

t.test('names that could not be found again under the same name are refused', async (t) => {
  for (const [kind, name, about] of refused) {
    t.throws(
      () => resolveName(plain, acc, kind, name),
      { name: 'Refusal', reason: 'invalid-parameter', message: about },
      `${kind} ${showText(name)}`,
    )
  }
  t.equal(nameProblem('model', 'fraud'), null)
})

// biome-ignore format: a table
const stored: [kind: NameKind, stored: string, folds: boolean, owner: string | null][] = [
  ['model', 'legacy', false, null], ['model', 'fraud_acc', false, 'acc'], ['model', 'fraud_ACC', false, null], ['model', 'fraud_ACC', true, 'acc'],
  ['model', '_acc', false, null], ['model', 'x_prod_acc', false, null], ['model', 'a\u200b_acc', false, null], ['model', ' a_acc', false, null], ['model', 'fraud_acc ', false, null],
  ['experiment', 'Default', false, null], ['experiment', '/experiments/acc', false, null], ['experiment', '/experiments/acc/x', false, 'acc'], ['experiment', 'experiments/acc/x', false, null],
  ['experiment', '/Experiments/ACC/x', false, null], ['experiment', '/Experiments/ACC/x', true, 'acc'], ['experiment', '/experiments/acc/../prod/x', false, null],
  ['experiment', '/experiments/acc//x', false, null], ['experiment', '/experiments/acc/experiments/prod/x', false, null], ['experiment', '/experiments/account/x', false, null],
]

t.test('what no caller could have stored belongs to nobody', async (t) => {
  for (const [kind, name, foldsCase, owner] of stored) {
    const owned = ownerOf({ ...plain, foldsCase }, kind, name)
    t.equal(owned?.owner.name ?? null, owner, `${kind} ${showText(name)}${foldsCase ? ' with folded case' : ''}`)
  }
})

t.test('where the upstream folds case, another spelling of a suffix or root is the same environment', async (t) => {
  const folding = { ...plain, foldsCase: true }
  t.equal(resolveName(folding, acc, 'model', 'fraud_PROD').owner, prod)
  t.equal(resolveName(folding, acc, 'model', 'fraud_PROD').upstream, 'fraud_prod')
  t.equal(resolveName(folding, acc, 'experiment', '/EXPERIMENTS/Prod/churn').upstream, '/experiments/prod/churn')
  t.throws(() => resolveName(folding, acc, 'model', 'x_PROD_acc'), { name: 'Refusal', reason: 'invalid-parameter' })
  t.throws(() => resolveName(folding, acc, 'experiment', '/Experiments/PROD'), { name: 'Refusal', reason: 'invalid-parameter' })
  t.equal(showName(folding, acc, 'model', 'fraud_PROD'), null)
  t.equal(
    resolveName(plain, acc, 'model', 'fraud_PROD').upstream,
    'fraud_PROD_acc',
    'without folding it is a name like any other',
  )
})

t.test('foreign models are shown by their qualified names, and only to those who may read them', async (t) => {
  t.equal(showName(plain, prod, 'model', 'fraud_acc'), 'fraud_acc')
  t.equal(showName(plain, prod, 'model', 'fraud_prod'), 'fraud')
  t.equal(showName(plain, prod, 'model', 'fraud_preprod'), null)
  t.equal(showName(plain, acc, 'model', 'fraud_prod'), null)
  t.equal(showName(plain, acc, 'model', 'legacy'), null)
  t.equal(showName(plain, prod, 'experiment', '/experiments/acc/churn'), '/experiments/acc/churn')
})
