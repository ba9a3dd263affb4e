import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import fc from 'fast-check'
import t from 'tap'
import type { Environment } from '../../../src/policy/environments/environment.ts'
import { findEnvironmentProblems } from '../../../src/policy/environments/environment-problems.ts'
import { holdsPrefix, readSourcePrefix } from '../../../src/policy/locations/source-prefix.ts'
import { memoryLimit } from '../../../src/server/config/memory-size.ts'
import { base, environment, linesOf, load, problemsOf, small } from '../../fixtures/config-file.ts'

t.test('the smallest file gets every default', async (t) => {
  const entra = {
    tenantId: '11111111-2222-3333-4444-555555555555',
    audiences: ['api://proxy'],
    authority: 'https://login.microsoftonline.com',
  }
  t.same(load(small), {
    listen: { host: '127.0.0.1', port: 5000, basePath: '' },
    admin: { host: '127.0.0.1', port: 9464, statusPage: 'plain' },
    upstream: {
      url: 'http://127.0.0.1:5001',
      kind: 'mlflow',
      credentials: { mode: 'none' },
      timeouts: { connect: 3_000, answer: 120_000, download: 600_000, upload: 600_000, model: 300_000, pause: 60_000 },
    },
    authentication: {
      entra,
      issuers: [{ kind: 'entra', ...entra, groupPrefix: '' }],
      directory: 'none',
    },
    environments: [environment('acc'), environment('preprod')],
    foldsCase: false,
    registry: 'workspace',
    kind: 'mlflow',
    workers: 1,
    limits: {
      memory: memoryLimit(),
      messages: { principal: 32, environment: 64, everybody: 128, waiting: 512 },
      bytes: { principal: 64, environment: 128, everybody: 256, waiting: 256 },
      models: { principal: 64, environment: 128, everybody: 256, waiting: 256 },
      leastRate: 100,
    },
    ownHosts: ['127.0.0.1:5001', '127.0.0.1:5000', '127.0.0.1:9464'],
    paging: { keyFile: null },
    unknownFields: 'refuse',
    shutdown: { drainSeconds: 5, finishSeconds: 300 },
    trustedProxies: [],
    reload: { watchSeconds: 5 },
    adoption: { countAtStart: true },
    audit: { destination: { kind: 'stdout' }, onFailure: 'refuse' },
    log: { level: 'info' },
  })
})

t.test(
  'memory is an amount with or without a unit, from half of what there is, and never more than a third of the heap',
  async (t) => {
    const memoryOf = (written: string) => load(`${small}limits: { memory: ${written} }\n`).limits.memory
    const most = Math.floor(getHeapStatistics().heap_size_limit / 3)
    t.equal(memoryOf('64MiB'), 2 ** 26)
    t.equal(memoryOf('67108864'), 2 ** 26)
    t.equal(memoryOf('65536KiB'), 2 ** 26)
    t.equal(memoryOf('4096GiB'), most)
    t.ok(memoryLimit() <= Math.min(totalmem() / 2, most))
    t.equal(load(small, { MLFLOW_ENV_PROXY_LIMITS__MEMORY: '67108864' }).limits.memory, 2 ** 26, 'also from a variable')
  },
)

t.test('a smaller circle of callers has no larger share, and memory is an amount of some size', async (t) => {
  t.same(linesOf(`${small}limits: { messages: { principal: 65 }, bytes: { environment: 20, everybody: 10 } }`), [
    '5:34 limits.messages.principal: is more than environment (64); write at most 64, or raise that',
    '5:40 limits.bytes.principal: is more than environment (20); write at most 20, or raise that',
    '5:62 limits.bytes.environment: is more than everybody (10); write at most 10, or raise that',
  ])
  t.same(linesOf(`${small}limits: { memory: 15MiB }`), ['5:19 limits.memory: is less than 16MiB; write more, or leave it out'])
  t.same(linesOf(`${small}workers: 4\nlimits: { memory: 63MiB, models: { principal: 3 } }`), [
    '5:10 workers: is more than limits.models.principal (3), of which each worker has a part; write at most 3, or raise that',
    '6:19 limits.memory: is less than 16MiB for each of 4 workers; write more, or leave it out',
  ])
  t.match(linesOf(`${small}workers: 4\n`.replace('upstream: { ', 'upstream: { workers: 4, ')), [
    /workers: is not less than upstream.workers \(4\)/,
  ])
  const [amount = '', rate = ''] = linesOf(`${small}limits: { memory: 1.5GiB, leastRate: -1 }`)
  t.match(
    amount,
    /^5:19 limits\.memory: `1\.5GiB` is not an amount of memory of at least 16MiB; write for example 512MiB, or leave it out for half/,
  )
  t.match(
    rate,
    /^5:38 limits\.leastRate: -1 is not a number of bytes a second from 0 to 1048576; write for example 100, or leave it out for 100$/,
  )
})

t.test('a map, a list and empty entries of environments mean the same', async (t) => {
  const wanted = load(small)
  for (const written of ['{ acc: {}, preprod: {} }', '\n  acc:\n  preprod: ~', '\n  - acc\n  - preprod']) {
    t.same(load(`${base}environments: ${written}\n`), wanted, written)
  }
})

t.test('a production environment registers to Production, and none leaves versions unstaged', async (t) => {
  const config = load(
    `${base}environments: { acc: { registrationStage: none }, prod: { production: true, promotesFrom: [acc] } }`,
  )
  t.same(config.environments, [
    environment('acc', { registrationStage: null }),
    environment('prod', { production: true, registrationStage: 'Production', promotesFrom: ['acc'] }),
  ])
})

t.test('texts take their one form: no trailing slash of URLs, a trailing slash of prefixes, a lower-case tenant', async (t) => {
  const config = load(`upstream: { url: "https://mlflow.example.com/base/" }
authentication:
  entra: { tenantId: AAAAAAAA-2222-3333-4444-555555555555, audiences: [a], authority: "http://127.0.0.1:8080/" }
environments: { acc: { sourcePrefixes: ["s3://models/acc", "dbfs:/models/acc/"] } }
`)
  t.equal(config.upstream.url, 'https://mlflow.example.com/base')
  t.equal(config.authentication.entra?.authority, 'http://127.0.0.1:8080')
  t.equal(config.authentication.entra?.tenantId, 'aaaaaaaa-2222-3333-4444-555555555555')
  t.same(config.environments[0]?.sourcePrefixes, ['s3://models/acc/', 'dbfs:/models/acc/'])
})

t.test('the result is frozen all through', async (t) => {
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen))
  t.equal(frozen(load(small)), true)
})

const environmentName =
  'a name of lower-case letters, digits and inner hyphens that starts with a letter and has 32 characters at most'

/** What is wrong with one thing that follows `base`: the only problem of the file. */
const wrongAdditions: readonly (readonly [string, string])[] = [
  ['environments: []', '4:15 environments: is empty; write at least one, for example [acc, preprod]'],
  ['environments: {}', '4:15 environments: is empty; write at least one, for example [acc, preprod]'],
  ['environments:', '4:14 environments: is empty; write for example [acc, preprod]'],
  [
    'environments: acc',
    '4:15 environments: the text "acc" is not a map or a list of at least one environment; write for example [acc, preprod]',
  ],
  ['environments: [acc, acc]', '4:21 environments[1]: `acc` is listed twice; keep one'],
  ['environments: [acc, Pre_Prod]', `4:21 environments.Pre_Prod: \`Pre_Prod\` is not ${environmentName}; write pre-prod`],
  ['environments:\n  __proto__: {}', `5:3 environments.__proto__: \`__proto__\` is not ${environmentName}; write proto`],
  [
    'environments:\n  acc: { groups: [] }',
    '5:18 environments.acc.groups: is empty; write at least one, for example [apps_acc, 6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21], or leave it out for [apps_acc]',
  ],
  [
    'environments:\n  acc: { groups: [""] }',
    '5:19 environments.acc.groups[0]: an empty text is not a complete group, without surrounding spaces or `*`; write for example apps_acc',
  ],
  [
    'environments:\n  acc: { groups: ["*"] }',
    '5:19 environments.acc.groups[0]: `*` is not a complete group, without surrounding spaces or `*`; write for example apps_acc',
  ],
  ['environments:\n  acc: { groups: [a, a] }', '5:22 environments.acc.groups[1]: `a` is listed twice; keep one'],
  ['environments:\n  acc: { group: [a] }', '5:10 environments.acc.group: `group` is not a known key; did you mean `groups`?'],
  [
    'environments:\n  acc: { suffix: x }',
    '5:10 environments.acc.suffix: `suffix` is not a known key; did you mean `modelSuffix`?',
  ],
  ['environments:\n  acc: {}\n  acc: {}', '6:3 environments.acc: `acc` is written twice (first in line 5); keep one'],
  [
    'environments:\n  acc: { modelSuffix: "" }',
    '5:23 environments.acc.modelSuffix: an empty text is not a suffix of letters, digits, `_`, `-` and `.`, with at least one letter or digit and 64 characters at most; write for example _acc, or leave it out for _acc',
  ],
  [
    'environments:\n  acc: { modelSuffix: "/x" }',
    '5:23 environments.acc.modelSuffix: `/x` is not a suffix of letters, digits, `_`, `-` and `.`, with at least one letter or digit and 64 characters at most; write for example _acc, or leave it out for _acc',
  ],
  [
    'environments:\n  acc: {}\n  b: { modelSuffix: x_acc }',
    '6:21 environments.b.modelSuffix: `x_acc` ends with the suffix `_acc` of acc, so a model xx_acc would belong to both; write a suffix so that neither ends with the other, such as _b',
  ],
  [
    'environments:\n  acc: {}\n  b: { modelSuffix: cc }',
    '6:21 environments.b.modelSuffix: `cc` is the end of the suffix `_acc` of acc, so a model x_acc would belong to both; write a suffix so that neither ends with the other, such as _b',
  ],
  [
    'environments:\n  b: { modelSuffix: _acc }\n  acc:',
    '6:3 environments.acc.modelSuffix: `_acc` is the same as the suffix `_acc` of b, so a model x_acc would belong to both; write a suffix so that neither ends with the other, such as -acc',
  ],
  [
    'environments:\n  acc: {}\n  b: { experimentRoot: /experiments }',
    '6:24 environments.b.experimentRoot: `/experiments` holds `/experiments/acc` of acc; write a root that neither equals, contains nor lies in another, such as /experiments/b',
  ],
  [
    'environments:\n  acc: {}\n  b: { experimentRoot: /experiments/acc/b }',
    '6:24 environments.b.experimentRoot: `/experiments/acc/b` lies in `/experiments/acc` of acc; write a root that neither equals, contains nor lies in another, such as /experiments/b',
  ],
  [
    'environments:\n  acc: {}\n  b: { experimentRoot: /experiments/acc }',
    '6:24 environments.b.experimentRoot: `/experiments/acc` is the same as `/experiments/acc` of acc; write a root that neither equals, contains nor lies in another, such as /experiments/b',
  ],
  [
    'environments:\n  acc: { experimentRoot: acc }',
    '5:26 environments.acc.experimentRoot: `acc` is not absolute; write an absolute path such as /experiments/acc',
  ],
  [
    'environments:\n  acc: { experimentRoot: / }',
    '5:26 environments.acc.experimentRoot: `/` contains every experiment; write an absolute path such as /experiments/acc',
  ],
  [
    'environments:\n  acc: { experimentRoot: /e/acc/ }',
    '5:26 environments.acc.experimentRoot: `/e/acc/` ends with a slash; write /e/acc',
  ],
  [
    'environments:\n  acc: { experimentRoot: /e/../acc }',
    '5:26 environments.acc.experimentRoot: `/e/../acc` has a dot segment; write an absolute path such as /experiments/acc',
  ],
  [
    'environments:\n  acc: { experimentRoot: "/e/a\\u0308" }',
    '5:26 environments.acc.experimentRoot: `/e/a\u0308` is not in Unicode normal form C; write an absolute path such as /experiments/acc',
  ],
  [
    'environments:\n  acc: { experimentRoot: "/e/a%2f" }',
    '5:26 environments.acc.experimentRoot: `/e/a%2f` has one of the characters " \' ` \\ % ? #; write an absolute path such as /experiments/acc',
  ],
  [
    'environments:\n  acc: { registrationStage: Production }',
    '5:29 environments.acc.registrationStage: `Production` is only for a production environment; write Staging or none, or set production: true',
  ],
  [
    'environments:\n  acc: { registrationStage: None }',
    '5:29 environments.acc.registrationStage: `None` is none of Staging, Production, none; did you mean `none`?',
  ],
  [
    'environments:\n  acc: { promotesFrom: [b] }\n  b: {}',
    '5:24 environments.acc.promotesFrom: only a production environment can promote; set production: true, or leave promotesFrom out',
  ],
  [
    'environments:\n  acc: { production: true, promotesFrom: [acc] }',
    '5:43 environments.acc.promotesFrom[0]: an environment cannot promote from itself; leave it out',
  ],
  [
    'environments:\n  acc: { production: true, promotesFrom: [x] }\n  b: {}',
    '5:43 environments.acc.promotesFrom[0]: there is no environment `x`; write one of b',
  ],
  [
    'environments:\n  acc: { workspace: one }\n  b: { production: true, promotesFrom: [acc], workspace: two }',
    '6:41 environments.b.promotesFrom[0]: `acc` is in another workspace of the MLflow server, from which nothing can be promoted; leave it out, or use one workspace for both',
  ],
  [
    'environments:\n  acc: { workspace: Team A }',
    '5:21 environments.acc.workspace: `Team A` is not the name of a workspace: 2 to 63 lower-case letters, digits and inner hyphens; write for example team-acc, or leave it out for none',
  ],
  [
    'environments:\n  acc: { production: yes }',
    '5:22 environments.acc.production: the text "yes" is not true or false; write true or false',
  ],
  [
    'environments:\n  acc: { sourcePrefixes: [s3://mm/acc/] }\n  b: { sourcePrefixes: [s3://xx/, s3://mm/acc/b] }',
    '6:35 environments.b.sourcePrefixes[1]: `s3://mm/acc/b/` overlaps `s3://mm/acc/` of acc; give each environment a folder of its own',
  ],
  [
    'environments:\n  acc: { sharedServingEndpoints: [databricks-llama, scorer_b] }\n  b: {}',
    '5:53 environments.acc.sharedServingEndpoints[1]: `scorer_b` belongs to environment b by its suffix `_b`; leave it out: endpoints of environments are not shared',
  ],
  [
    'environments:\n  acc: { sharedServingEndpoints: [system.ai.llama] }',
    '5:35 environments.acc.sharedServingEndpoints[0]: `system.ai.llama` is not the exact name of a serving endpoint: at most 63 letters, digits, `_` and `-`; write for example databricks-meta-llama-3-3-70b-instruct',
  ],
  [
    'environments: [acc]\nlisten: { port: 70000 }',
    '5:17 listen.port: 70000 is not a port from 0 to 65535; write for example 5000, or leave it out for 5000',
  ],
  [
    'environments: [acc]\nlisten: { port: "5000" }',
    '5:17 listen.port: the text "5000" is not a port from 0 to 65535; write for example 5000, or leave it out for 5000',
  ],
  [
    'environments: [acc]\nlisten: { host: "http://x" }',
    '5:17 listen.host: `http://x` is not a host name or IP address without scheme, brackets and port; write for example 127.0.0.1, or leave it out for 127.0.0.1',
  ],
  [
    'environments: [acc]\nlisten: { port: 5001 }',
    "1:18 upstream.url: is the proxy's own address (listen.port is 5001); write MLflow's address",
  ],
  [
    'environments: [acc]\nadmin: { port: 5000 }',
    '5:8 admin: is the same address as listen (port 5000); write another port, for example 9464',
  ],
  ['environments: [acc]\nlisten: 5', '5:9 listen: 5 is not a map of keys; write for example { host: 127.0.0.1, port: 5000 }'],
  ['environments: [acc]\nlissten: {}', '5:1 lissten: `lissten` is not a known key; did you mean `listen`?'],
  [
    'environments: [acc]\ntenantId: x',
    '5:1 tenantId: `tenantId` is not a known key here; it belongs to `upstream.credentials.tenantId` or `authentication.identity.tenantId` or `authentication.graph.credentials.tenantId` or `authentication.entra.tenantId` or `environments.<name>.credentials.tenantId`',
  ],
  [
    'environments: [acc]\nzzz: x',
    '5:1 zzz: `zzz` is not a known key; write one of listen, admin, databricksHost, upstream, tls, authentication, environments, promotions, workers, limits, paging, unknownFields, shutdown, trustedProxies, audit, tracing, reload, adoption, log, or leave it out',
  ],
  [
    'environments: [acc]\naudit: { destination: file }',
    '5:1 audit.file: is missing; write for example { path: /var/log/audit.jsonl }',
  ],
  [
    'environments: [acc]\ntrustedProxies: [10.0.0.0/99]',
    '5:18 trustedProxies[0]: `10.0.0.0/99` is not an address or a network; write for example 10.0.0.0/8',
  ],
  [
    'environments: [acc, prod]\npromotions: [{ from: acc, to: prd, approvers: [a] }]',
    '5:31 promotions[0].to: there is no environment `prd`; write one of acc, prod',
  ],
  [
    'environments: [acc, prod]\npromotions: [{ from: ac, to: prod, approvers: [a] }]',
    '5:22 promotions[0].from: there is no environment `ac`; write one of acc, prod',
  ],
  [
    'environments: [acc, prod]\npromotions: [{ from: acc, to: acc, approvers: [a] }]',
    '5:31 promotions[0].to: is the environment that versions come from; write another one',
  ],
  [
    'environments: { acc: {}, prod: { production: true, promotesFrom: [acc] } }\npromotions: [{ from: acc, to: prod, approvers: [a] }]',
    '5:31 promotions[0].to: `prod` has `acc` in promotesFrom, so its callers need no approval; take it out there',
  ],
  [
    'environments: { acc: {}, prod: { workspace: two } }\npromotions: [{ from: acc, to: prod, approvers: [a] }]',
    '5:31 promotions[0].to: `prod` is in another workspace of the MLflow server than `acc`, so nothing can be promoted',
  ],
  [
    'environments: [acc, prod]\npromotions: [{ from: acc, to: prod, approvers: [a], metrics: [{ name: auc }] }]',
    '5:63 promotions[0].metrics[0]: has neither min nor max; write for example { name: auc, min: 0.9 }',
  ],
  [
    'environments: [acc]\nlog: { level: verbose }',
    '5:15 log.level: `verbose` is none of debug, info, warn, error; write one of debug, info, warn, error',
  ],
  ['environments: [acc]\nunknownFields: no', '5:16 unknownFields: `no` is none of refuse, forward; write one of refuse, forward'],
  ['environments: [acc]\n? [a]\n: b', '1:1: has a key that is a list or a map; write a plain word'],
]

t.test('a wrong file says what is wrong, where, and what to write instead', async (t) => {
  for (const [addition, wanted] of wrongAdditions) {
    t.same(linesOf(base + addition), [wanted], addition)
  }
})

/** Whole files. */
const wrongUpstreams: readonly (readonly [string, string])[] = [
  ['', 'upstream.url: is missing; write for example `url: http://127.0.0.1:5001`'],
  ['url: ftp://x', 'upstream.url: is not an absolute http or https URL; write for example http://127.0.0.1:5001'],
  ['url: "http://"', 'upstream.url: cannot be read as a URL; write for example http://127.0.0.1:5001'],
  [
    'url: http://me:secret@x',
    'upstream.url: must not contain a user name or password; write only the URL, and use upstream.credentials',
  ],
  ['url: http://x/?a=1', 'upstream.url: must not have a query or fragment; write only scheme, host, port and path'],
  ['url: "http://x/#"', 'upstream.url: must not have a query or fragment; write only scheme, host, port and path'],
  [
    'url: http://x/a/../b',
    'upstream.url: has a path with dot segments, double slashes, backslashes or percent signs; write the resolved path',
  ],
  [
    'url: http://x/a%2fb',
    'upstream.url: has a path with dot segments, double slashes, backslashes or percent signs; write the resolved path',
  ],
  ['url: http://x, kind: mlfow', 'upstream.kind: `mlfow` is none of mlflow, databricks; did you mean `mlflow`?'],
  ['url: http://x, foldCase: true', 'upstream.foldCase: `foldCase` is not a known key; did you mean `foldsCase`?'],
  [
    'url: http://x, credentials: { mode: token }',
    'upstream.credentials.file: is missing; write for example `file: /run/secrets/mlflow-token`',
  ],
  [
    'url: http://x, credentials: { file: a }',
    'upstream.credentials.file: is only for credentials with `mode: token`; leave it out, or write mode: token',
  ],
  [
    'url: http://x, credentials: { mode: servicePrincipal, clientId: a }',
    'upstream.credentials.clientSecretFile: is missing; write for example `clientSecretFile: /run/secrets/client-secret`, or certificateFile',
  ],
  [
    'url: http://x, credentials: { mode: passthrough, clientId: a }',
    'upstream.credentials.clientId: is only for credentials with `mode: servicePrincipal`; leave it out, or write mode: servicePrincipal',
  ],
  [
    'url: http://x, rates: { registry: 0 }',
    'upstream.rates.registry: 0 is not a number of requests a second from 1 to 10000; write for example 40, or leave it out for 40',
  ],
]

t.test('a wrong upstream is refused, and a password in its URL not repeated', async (t) => {
  for (const [upstream, wanted] of wrongUpstreams) {
    const problems = problemsOf(small.replace('url: http://127.0.0.1:5001', upstream))
    t.same(
      problems.map(({ path, message }) => `${path}: ${message}`),
      [wanted],
      upstream,
    )
    t.same(
      problems.map(({ line }) => line),
      [1],
      upstream,
    )
    t.equal(JSON.stringify(problems).includes('secret@'), false)
  }
})

const tenant = 'tenantId: 11111111-2222-3333-4444-555555555555'
const wrongAuthentications: readonly (readonly [string, string])[] = [
  [
    `{ identity: { mode: workloadIdentity }, entra: { ${tenant}, audiences: [a] } }`,
    'identity: is only for `mode: sidecar`; leave it out, or write mode: sidecar',
  ],
  [
    `{ mode: sidecar, identity: { mode: passthrough }, entra: { ${tenant}, audiences: [a] } }`,
    'identity.mode: `passthrough` is none of token, servicePrincipal, workloadIdentity; write one of token, servicePrincipal, workloadIdentity',
  ],
  [
    '{ entra: { audiences: [a] } }',
    'entra.tenantId: is missing; write for example `tenantId: 11111111-2222-3333-4444-555555555555`',
  ],
  [
    '{ entra: { tenantId: common, audiences: [a] } }',
    'entra.tenantId: `common` is not the GUID of one tenant; write for example 11111111-2222-3333-4444-555555555555',
  ],
  [`{ entra: { ${tenant} } }`, 'entra.audiences: is missing; write for example `audiences: [api://mlflow-env-proxy]`'],
  [
    `{ entra: { ${tenant}, audiences: [] } }`,
    'entra.audiences: is empty; write at least one, for example [api://mlflow-env-proxy]',
  ],
  [
    `{ entra: { ${tenant}, audiences: [""] } }`,
    'entra.audiences[0]: an empty text is not a complete audience, without spaces or `*`; write for example api://mlflow-env-proxy',
  ],
  [
    `{ entra: { ${tenant}, audiences: ["*"] } }`,
    'entra.audiences[0]: `*` is not a complete audience, without spaces or `*`; write for example api://mlflow-env-proxy',
  ],
  [
    `{ entra: { ${tenant}, audiences: [a], authority: "http://issuer.example.com" } }`,
    'entra.authority: is plain http, so anyone on the network could forge keys; write https (http is only for an issuer on loopback)',
  ],
  [
    `{ entra: { ${tenant}, audiences: [a], authority: "http://127.0.0.1.example.com" } }`,
    'entra.authority: is plain http, so anyone on the network could forge keys; write https (http is only for an issuer on loopback)',
  ],
  [
    `{ entra: { ${tenant}, audiences: [a], authority: login.microsoftonline.com } }`,
    'entra.authority: is not an absolute http or https URL; write for example https://login.microsoftonline.com',
  ],
]

t.test('a wrong way to authenticate is refused', async (t) => {
  for (const [authentication, wanted] of wrongAuthentications) {
    const content = `upstream: { url: http://127.0.0.1:5001 }\nauthentication: ${authentication}\nenvironments: [acc]\n`
    const problems = problemsOf(content)
    t.same(
      problems.map(({ line, path, message }) => [line, `${path}: ${message}`]),
      [[2, `authentication.${wanted}`]],
      authentication,
    )
  }
})

t.test('case folding makes names that differ by case clash, and only then', async (t) => {
  const environments =
    'environments: { acc: { modelSuffix: _ACC, experimentRoot: /E/acc }, b: { modelSuffix: _acc, experimentRoot: /e/ACC/b } }'
  t.same(problemsOf(base + environments), [])
  const folding = problemsOf(`${base}${environments}\n`.replace('5001 }', '5001, foldsCase: true }'))
  t.same(
    folding.map(({ path }) => path),
    ['environments.b.modelSuffix', 'environments.b.experimentRoot'],
  )
  const accent = `${base}environments: { acc: { experimentRoot: /e/größe } }`
  t.same(problemsOf(accent), [])
  t.match(problemsOf(accent.replace('5001 }', '5001, foldsCase: true }'))[0]?.message, /non-ASCII/)
})

t.test('everything wrong is told at once, in the order of the file, without what merely follows from it', async (t) => {
  const lines = linesOf(`lisen: 5
upstream: { url: "http://a:b@c", kind: mlfow }
authentication: { mode: Bearer, entra: { tenantId: common, audiences: [] } }
environments:
  Prod:
  acc: { groups: [], promotesFrom: [prod], registrationStage: Production }
  b: { modelSuffix: x_acc, sourcePrefixes: ["s3://m/../x", 5, "S3://x/y"] }
paging: { keyFile: absent.key }
`)
  t.same(
    lines.map((line) => line.split(': ')[0]),
    [
      '1:1 lisen',
      '2:18 upstream.url',
      '2:40 upstream.kind',
      '3:25 authentication.mode',
      '3:52 authentication.entra.tenantId',
      '3:71 authentication.entra.audiences',
      '5:3 environments.Prod',
      '6:18 environments.acc.groups',
      '6:36 environments.acc.promotesFrom',
      '6:37 environments.acc.promotesFrom[0]',
      '6:63 environments.acc.registrationStage',
      '7:21 environments.b.modelSuffix',
      '7:45 environments.b.sourcePrefixes[0]',
      '7:60 environments.b.sourcePrefixes[1]',
      '7:63 environments.b.sourcePrefixes[2]',
      '8:20 paging.keyFile',
    ],
  )
})

t.test('what two YAML readers could read differently is refused', async (t) => {
  const cases: readonly (readonly [string | Uint8Array, string])[] = [
    ['a: &x 1\nb: *x', '1:7: the anchor &x is not supported; remove it|2:4: the alias *x is not supported; write the value out'],
    ['a: !!str 1', '1:10: the tag tag:yaml.org,2002:str is not supported; remove it'],
    [`${small}---\n${small}`, '5:1: a second YAML document starts here; keep everything in one and remove the `---`'],
    ['- a', '1:1: the file is not a map of keys; write for example `upstream: { url: http://127.0.0.1:5001 }`'],
    [Buffer.from([0xff, 0xfe]), '0:0: is not UTF-8 text; save it as UTF-8'],
    ['['.repeat(100_000), '0:0: is nested too deeply to be read; keep only the configuration in it'],
    ['{a: '.repeat(100) + '}'.repeat(100), '0:0: is nested too deeply to be read; keep only the configuration in it'],
    ['#'.repeat(256 * 1024 + 1), '0:0: is larger than 256 KiB; keep only the configuration in it'],
  ]
  for (const [content, wanted] of cases) {
    t.same(linesOf(content), wanted.split('|'), wanted)
  }
  t.match(linesOf('a: [1'), [/^1:\d+: this is not valid YAML/])
  t.match(linesOf(`${base}environments:\n  acc: &a { groups: [x] }\n  b: { <<: *a }`), [/anchor/, /alias/])
  t.match(linesOf(`${base}environments:\n  acc: { <<: { groups: [x] } }`), [/`<<` is not a known key/])
  t.same(load(`\uFEFF${small}`), load(small), 'a byte order mark is no problem')
})

t.test('source prefixes are storage folders in their one canonical form', async (t) => {
  const right: readonly (readonly [string, string])[] = [
    ['s3://models', 's3://models/'],
    ['gs://models/acc', 'gs://models/acc/'],
    ['abfss://models@lake.dfs.core.windows.net/acc/', 'abfss://models@lake.dfs.core.windows.net/acc/'],
    ['wasbs://models@lake.blob.core.windows.net', 'wasbs://models@lake.blob.core.windows.net/'],
    ['dbfs:/models', 'dbfs:/models/'],
    ['hdfs://namenode:8020/models', 'hdfs://namenode:8020/models/'],
    ['file:///mnt/models', 'file:///mnt/models/'],
  ]
  for (const [text, prefix] of right) t.same(readSourcePrefix(text), { ok: true, prefix })
  const wrong = `models|/mnt/models|./x|http://x/y|https://x/y|runs:/x|models:/x|mlflow-artifacts:/x|S3://models|s3:models|s3:/models|s3://
    s3://Models/a|s3://user@models/a|s3://user:pw@models/a|s3://models:80/a|s3://models//a|s3://models/a//|s3://models/./a|s3://models/a/..
    s3://models/a%2f|s3://models/a?b|s3://models/a#b|s3://models/a b|s3://models/a\\b|s3://models/ä|dbfs:/|dbfs:models|dbfs://models|dbfs:///models
    dbfs:/databricks|dbfs:/databricks/mlflow-tracking/1|dbfs:/databricks/mlflow-registry|file:/mnt/x|file://host/x|file:///|file:////x
    abfss://lake.dfs.core.windows.net/x|abfss://c:p@lake.dfs.core.windows.net/x|abfss://c@Lake.dfs.core.windows.net/x|wasbs://c@lake.dfs.core.windows.net/x
    hdfs:///x|hdfs://u@nn/x|hdfs://nn/`
  for (const text of wrong.split(/[|\n]\s*/)) t.equal(readSourcePrefix(text).ok, false, text)
  t.equal(
    holdsPrefix('abfss://c@lake.dfs.core.windows.net/', 'wasbs://c@lake.blob.core.windows.net/x/'),
    true,
    'one storage, two schemes',
  )
})

const suffix = fc.stringMatching(/^[ab_A]{1,4}$/)
const root = fc.array(fc.constantFrom('a', 'b', 'A', 'ab'), { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`)
const config = fc.record({
  foldsCase: fc.boolean(),
  environments: fc.uniqueArray(
    fc
      .record({ name: fc.constantFrom('acc', 'preprod', 'prod'), modelSuffix: suffix, experimentRoot: root })
      .map((changes) => environment(changes.name, changes)),
    { selector: ({ name }) => name, minLength: 2, maxLength: 3 },
  ),
})

t.test(
  'law: in an accepted landscape no upstream name belongs to two environments, and a refused one has such a name',
  async (t) => {
    const seen = { accepted: 0, refused: 0 }
    fc.assert(
      fc.property(config, fc.array(fc.stringMatching(/^[ab_A]{1,5}$/), { minLength: 30, maxLength: 30 }), (world, tails) => {
        const fold = (text: string) => (world.foldsCase ? text.toLowerCase() : text)
        const owners = (text: string, holds: (environment: Environment) => boolean) =>
          text === '' ? [] : world.environments.filter(holds)
        const models = [...tails, ...world.environments.map(({ modelSuffix }) => `x${modelSuffix}`)]
        const paths = [
          ...tails.map((tail) => `/${[...tail].join('/')}`),
          ...world.environments.map(({ experimentRoot }) => `${experimentRoot}/x`),
        ]
        const shared = [
          ...models.map((name) => owners(name, ({ modelSuffix }) => fold(name).endsWith(fold(modelSuffix)))),
          ...paths.map((path) => owners(path, ({ experimentRoot }) => fold(`${path}/`).startsWith(fold(`${experimentRoot}/`)))),
        ].some((holders) => holders.length > 1)
        const accepted = findEnvironmentProblems(world).length === 0
        seen[accepted ? 'accepted' : 'refused']++
        return accepted ? !shared : shared
      }),
      { numRuns: 2000 },
    )
    t.ok(seen.accepted > 100 && seen.refused > 100, 'both kinds were tried')
  },
)

t.test('law: whatever a file holds, it loads, or every problem has a path, a place and a message', async (t) => {
  let refused = 0
  const value = fc.jsonValue({ maxDepth: 2 })
  const key = fc.constantFrom(
    'listen',
    'admin',
    'upstream',
    'authentication',
    'environments',
    'paging',
    'unknownFields',
    'shutdown',
    'log',
    'x',
  )
  const entry = fc.constantFrom(
    'groups',
    'modelSuffix',
    'experimentRoot',
    'production',
    'registrationStage',
    'promotesFrom',
    'sourcePrefixes',
    'sharedServingEndpoints',
    'servingSecretScopes',
  )
  const environments = fc.dictionary(
    fc.constantFrom('acc', 'prod', 'Bad', '__proto__'),
    fc.oneof(value, fc.dictionary(entry, value)),
  )
  const file = fc.record({
    changes: fc.dictionary(key, value, { maxKeys: 3 }),
    environments: fc.oneof(value, environments, fc.constant(['acc']), fc.constant({ acc: null })),
  })
  const right = {
    upstream: { url: 'http://127.0.0.1:5001' },
    authentication: { entra: { tenantId: '11111111-2222-3333-4444-555555555555', audiences: ['a'] } },
  }
  fc.assert(
    fc.property(file, ({ changes, environments }) => {
      const problems = problemsOf(JSON.stringify({ ...right, environments, ...changes }))
      if (problems.length > 0) refused++
      return problems.every(({ line, column, message }) => line > 0 && column > 0 && message !== '')
    }),
    { numRuns: 500 },
  )
  t.ok(refused > 100 && refused < 500, `both kinds were tried (${refused} of 500 refused)`)
})

t.test('of two roots, the one that was written gives way to a default', async (t) => {
  t.match(linesOf(`${base}environments:\n  acc: { experimentRoot: /experiments }\n  preprod: {}\n`), [
    /^5:\d+ environments\.acc\.experimentRoot: `\/experiments` holds `\/experiments\/preprod` of preprod; .* such as \/experiments\/acc$/,
  ])
})
