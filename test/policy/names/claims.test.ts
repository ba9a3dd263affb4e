import fc from 'fast-check'
import t from 'tap'
import type { PolicyConfig } from '../../../src/policy/environments/environment.ts'
import { claims, inFrame } from '../../../src/policy/names/claims.ts'
import { showText, tryLaw } from '../../harness/law.ts'

const kinds = ['model', 'experiment', 'endpoint', 'gateway'] as const

const environmentOf = (name: string) => ({
  name,
  production: false,
  groups: [name],
  modelSuffix: `_${name}`,
  unityCatalogSchema: `main.${name.toLowerCase()}`,
  experimentRoot: `/${name}`,
  registrationStage: null,
  promotesFrom: [],
  sourcePrefixes: [],
})

// Letters that fold to others, are two letters, are not seen or only mark the one before them, and what frames are made of
const text = fc.string({ unit: fc.constantFrom(...'abAß_/.- \u0301\u200bÅıİſ１'), maxLength: 6 })
const names = fc.uniqueArray(fc.string({ unit: fc.constantFrom(...'abAs-'), minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 12,
})

t.test('no environment is overlooked in whose frame a name lies', async (t) => {
  const law = fc.property(
    names,
    text,
    text,
    fc.boolean(),
    fc.constantFrom('mlflow', 'databricks'),
    (some, left, right, foldsCase, kind) => {
      const environments = some.map(environmentOf)
      const config: PolicyConfig = { environments, foldsCase, kind, registry: 'unityCatalog' }
      const said = some.flatMap((name) => [`${left}_${name}`, `/${name}/${right}`, `main.${name}.${right}`])
      return [left, right, ...said].every((each) =>
        kinds.every((nameKind) => {
          const inFrames = environments.flatMap((owner) => {
            const logical = inFrame(config, nameKind, owner, each)
            return logical === null ? [] : [`${owner.name}: ${logical}`]
          })
          const claimed = claims(config, nameKind, each).map(({ owner, logical }) => `${owner.name}: ${logical}`)
          return claimed.join('\n') === inFrames.join('\n')
        }),
      )
    },
  )
  t.equal(tryLaw(law, 2000), 'holds')
  const look = ['ａ', 'á', 'A', 'a\u200b'].flatMap((name) => [`x_${name}`, `/${name}/x`])
  const config: PolicyConfig = { environments: [environmentOf('a'), environmentOf('b')], foldsCase: true }
  for (const each of look)
    t.equal(
      kinds.some((kind) => claims(config, kind, each).length === 1),
      true,
      showText(each),
    )
})
