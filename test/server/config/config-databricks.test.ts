import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeConfig } from '../../../src/server/config/config-summary.ts'
import { base, folder, linesOf, load, problemsOf } from '../../fixtures/config-file.ts'

t.test(
  'models in Unity Catalog have a schema and an alias for each environment, and nothing of the workspace registry',
  async (t) => {
    const start = base.replace('5001 }', '5001, kind: databricks, registry: unityCatalog }')
    const content = `${start}environments:
  acc: { unityCatalogSchema: main.ml_acc }
  prod: { unityCatalogSchema: prod.ml, production: true, promotesFrom: [acc] }
`
    const config = load(content)
    t.match(config, { kind: 'databricks', registry: 'unityCatalog' })
    t.match(config.environments, [
      { registrationAlias: 'staging', registrationStage: null, unityCatalogSchema: 'main.ml_acc' },
      { registrationAlias: 'production', registrationStage: null },
    ])
    t.equal(load(content.replace('ml_acc }', 'ml_acc, registrationAlias: none }')).environments[0]?.registrationAlias, null)
    const said = describeConfig(config)
    for (const sentence of [
      /models in Unity Catalog/,
      /fraud is main\.ml_acc\.fraud upstream/,
      /may set any but production/,
      /gets the alias staging/,
    ]) {
      t.match(said, sentence)
    }
    const wrong: readonly (readonly [string, string, string])[] = [
      [
        'main.ml_acc',
        'prod.ml',
        'environments.prod.unityCatalogSchema: `prod.ml` is also the schema of acc; write a schema of its own',
      ],
      [
        '{ unityCatalogSchema: main.ml_acc }',
        '{}',
        'environments.acc.unityCatalogSchema: is missing; write the catalog and schema of its models, for example acc.ml',
      ],
      [
        'ml_acc }',
        'ml_acc, registrationStage: Staging }',
        'environments.acc.registrationStage: is only for `upstream.registry: workspace`; Unity Catalog has aliases: use registrationAlias instead',
      ],
      [
        'kind: databricks, ',
        '',
        'upstream.registry: `unityCatalog` is only for a Databricks workspace; write kind: databricks, or leave it out',
      ],
      [
        'ml_acc }',
        'ml_acc, registrationAlias: production }',
        'environments.acc.registrationAlias: `production` is reserved for production (prod); write another alias, such as staging, or none',
      ],
    ]
    for (const [from, to, sentence] of wrong)
      t.ok(
        linesOf(content.replace(from, to)).some((line) => line.endsWith(` ${sentence}`)),
        `${sentence} / ${linesOf(content.replace(from, to))}`,
      )
  },
)

t.test('a workspace has rates, a principal for each environment, and roots in their one spelling', (t) => {
  const file = (
    experimentRoot: string,
  ) => `upstream: { url: https://adb-1.2.azuredatabricks.net, kind: databricks, rates: { registry: 20 }, storageHosts: ['store.example.com:8443'], credentials: { mode: passthrough } }
authentication: { entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [a] } }
environments:
  acc: { credentials: { mode: servicePrincipal, clientId: b, clientSecretFile: secret } }
  prod: { production: true, experimentRoot: ${experimentRoot} }
`
  writeFileSync(join(folder, 'secret'), 'hunter2')
  const config = load(file('/experiments/prod'))
  t.equal(config.kind, 'databricks')
  t.same(config.upstream, {
    url: 'https://adb-1.2.azuredatabricks.net',
    kind: 'databricks',
    credentials: { mode: 'passthrough' },
    credentialsOf: {
      acc: {
        mode: 'servicePrincipal',
        issuer: 'entra',
        tokenUrl: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token',
        clientId: 'b',
        clientSecretFile: join(folder, 'secret'),
        scope: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default',
      },
    },
    timeouts: { connect: 3_000, answer: 120_000, upload: 600_000, download: 600_000, model: 300_000, pause: 60_000 },
    rates: { registry: 20, searchRuns: 7, experiments: 7, logBatch: 47, other: 127 },
    storageHosts: ['store.example.com:8443'],
  })
  t.match(problemsOf(file('/Workspace/experiments/prod'))[0], {
    path: 'environments.prod.experimentRoot',
    message: 'begins with /Workspace, which Databricks removes; write /experiments/prod',
  })
  t.end()
})

t.test('the workspace says in which groups callers are, where their tokens are for it', async (t) => {
  const databricks = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d'
  const write = (
    kind: string,
    mode: string,
    audiences: string,
    directory = '',
  ) => `upstream: { url: https://localhost:5001, kind: ${kind}, credentials: { mode: ${mode} } }
authentication: { ${directory}entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [${audiences}] } }
environments: [acc]
`
  const defaults = [
    ['databricks', 'passthrough', databricks, 'databricks'],
    ['databricks', 'passthrough', 'api://proxy', 'none'],
    ['databricks', 'none', databricks, 'none'],
    ['mlflow', 'passthrough', databricks, 'none'],
  ] as const
  for (const [kind, mode, audience, directory] of defaults) {
    t.equal(load(write(kind, mode, audience)).authentication.directory, directory, `${kind} ${mode} ${audience}`)
  }
  const chosen = load(write('databricks', 'none', databricks, 'directory: databricks, '))
  t.match(
    describeConfig(chosen),
    /groups +the token's roles and groups; if it lists none or too many, those in the Databricks workspace/,
  )
  t.match(describeConfig(chosen), /whoever may create groups there/)
  t.match(describeConfig(chosen), /any application that has one/)
  t.equal(load(write('databricks', 'passthrough', databricks, 'directory: none, ')).authentication.directory, 'none')
  t.match(linesOf(write('mlflow', 'none', databricks, 'directory: databricks, ')), [
    /authentication.directory: is databricks, but the upstream is not/,
  ])
  t.match(linesOf(write('databricks', 'none', 'api://proxy', 'directory: databricks, ')), [
    /works only with tokens for Databricks; add 2ff814a6/,
  ])
})

t.test('doors for clients in Databricks mode are apart from all others', (t) => {
  const file = (databricksHost: string, kind = 'databricks') => `listen: { host: 0.0.0.0, port: 5000 }
upstream: { url: http://127.0.0.1:5003, kind: ${kind}, credentials: { mode: passthrough } }
databricksHost: ${databricksHost}
authentication: { entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [a] } }
environments: [acc, prod]
`
  const names = '[{ name: dbx.example.com }, { name: dbx-acc.example.com, environment: acc }]'
  const config = load(file(`{ listen: { port: 5002 }, hostNames: ${names} }`))
  t.same(config.databricksHost, {
    listen: { host: '127.0.0.1', port: 5002 },
    hostNames: [{ name: 'dbx.example.com' }, { name: 'dbx-acc.example.com', environment: 'acc' }],
  })
  const said = describeConfig(config)
  t.match(said, 'databricks   http://127.0.0.1:5002 (DATABRICKS_HOST, MLFLOW_TRACKING_URI=databricks)')
  t.match(said, 'databricks   host name dbx-acc.example.com on port 5000 or 5002, in acc')
  t.match(said, 'Clients in Databricks mode get signed URLs')
  t.same(load(file('{ hostNames: [{ name: dbx.example.com }] }')).databricksHost?.listen, null)
  const wrong: readonly (readonly [string, string, string])[] = [
    ['{}', 'databricksHost', 'has no listener; write listen, for example { port: 5002 }, or hostNames'],
    [
      '{ listen: { port: 5000 } }',
      'databricksHost.listen',
      'is the same address as listen (port 5000); write another port, for example 5002',
    ],
    [
      '{ listen: { port: 9464 } }',
      'databricksHost.listen',
      'is the same address as admin (port 9464); write another port, for example 5002',
    ],
    [
      '{ listen: { port: 5003 } }',
      'upstream.url',
      "is the proxy's own address (databricksHost.listen.port is 5003); write MLflow's address",
    ],
    [
      '{ hostNames: [{ name: a.b }, { name: a.b, environment: acc }] }',
      'databricksHost.hostNames[1].name',
      '`a.b` is listed twice; keep one',
    ],
    [
      '{ hostNames: [{ name: a.b, environment: dev }] }',
      'databricksHost.hostNames[0].environment',
      'there is no environment `dev`; write one of acc, prod, or leave it out',
    ],
    [
      '{ hostNames: [A.b] }',
      'databricksHost.hostNames[0]',
      'the text "A.b" is not a map with a name; write for example { name: mlflow-dbx-acc.example.com }',
    ],
  ]
  for (const [text, path, message] of wrong) t.match(problemsOf(file(text)), [{ path, message }], text)
  t.match(problemsOf(file('{ listen: { port: 5002 } }', 'mlflow')), [
    { path: 'databricksHost', message: 'is only for a Databricks workspace; leave it out, or write upstream.kind: databricks' },
  ])
  t.end()
})

t.test('an environment of a workspace without credentials is named', async (t) => {
  const file = (rest: string) => `upstream: { url: https://adb-1.2.azuredatabricks.net, kind: databricks${rest} }
authentication: { entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [a] } }
environments:
  acc: { credentials: { mode: passthrough } }
  prod: { production: true }
`
  const prod = /^5:\d+ environments\.prod: has no credentials for the Databricks workspace; write upstream\.credentials/
  t.match(linesOf(file('')), [prod])
  t.match(linesOf(file(', credentials: { mode: none }')), [prod])
  t.strictSame(linesOf(file(', credentials: { mode: passthrough }')), [])
  t.strictSame(linesOf(file('').replace('kind: databricks', 'kind: mlflow')), [])
})
