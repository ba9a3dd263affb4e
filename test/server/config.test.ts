import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import { renderCurrentReference } from '../../scripts/generate-config-reference.ts'
import { runCommand } from '../../src/commands/run-command.ts'
import type { Environment } from '../../src/policy/environment.ts'
import { findLandscapeProblems } from '../../src/policy/landscape-problems.ts'
import { holdsPrefix, readSourcePrefix } from '../../src/policy/source-prefix.ts'
import { loadConfig } from '../../src/server/config.ts'
import { describeConfig } from '../../src/server/config-meaning.ts'
import { ConfigError, type ConfigProblem } from '../../src/server/config-problem.ts'
import { readKeyFile } from '../../src/server/secret-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const repository = fileURLToPath(new URL('../../', import.meta.url))

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

function load(content: string | Uint8Array, env: NodeJS.ProcessEnv = {}) {
  return loadConfig(write('config.yaml', content), env)
}

function problemsOf(content: string | Uint8Array, env: NodeJS.ProcessEnv = {}): readonly ConfigProblem[] {
  try {
    load(content, env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** Problems as `LINE:COL path: message`, or `VARIABLE path: message`. */
function linesOf(content: string | Uint8Array, env: NodeJS.ProcessEnv = {}): string[] {
  return problemsOf(content, env).map((problem) => {
    const place = problem.variable ?? `${problem.line}:${problem.column}`
    return `${place}${problem.path === '' ? '' : ` ${problem.path}`}: ${problem.message}`
  })
}

/** Three lines that are right; what a case adds begins in line 4. */
const base = `upstream: { url: http://127.0.0.1:5001 }
authentication:
  entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://proxy] }
`
const small = `${base}environments: [acc, preprod]\n`

t.test('the smallest file gets every default', async (t) => {
  t.same(load(small), {
    listen: { host: '127.0.0.1', port: 5000 },
    admin: { host: '127.0.0.1', port: 9464 },
    upstream: { url: 'http://127.0.0.1:5001', kind: 'mlflow', credentials: { mode: 'none' } },
    authentication: {
      mode: 'bearer',
      entra: {
        tenantId: '11111111-2222-3333-4444-555555555555',
        audiences: ['api://proxy'],
        authority: 'https://login.microsoftonline.com',
      },
      directory: 'none',
    },
    environments: [environment('acc'), environment('preprod')],
    foldsCase: false,
    registry: 'workspace',
    kind: 'mlflow',
    paging: { keyFile: null },
    unknownFields: 'refuse',
    shutdown: { drainSeconds: 5 },
    log: { level: 'info' },
  })
})

function environment(name: string, changes: Partial<Environment> = {}): Environment {
  return {
    name,
    production: false,
    groups: [`apps_${name}`],
    administrators: [],
    modelSuffix: `_${name}`,
    experimentRoot: `/experiments/${name}`,
    registrationStage: 'Staging',
    promotesFrom: [],
    gateway: false,
    sourcePrefixes: [],
    sharedServingEndpoints: [],
    servingSecretScopes: [],
    ...changes,
  }
}

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
  t.equal(config.authentication.entra.authority, 'http://127.0.0.1:8080')
  t.equal(config.authentication.entra.tenantId, 'aaaaaaaa-2222-3333-4444-555555555555')
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
    '5:19 environments.acc.groups[0]: an empty text is not a group in full, without spaces around it and without `*`; write for example apps_acc',
  ],
  [
    'environments:\n  acc: { groups: ["*"] }',
    '5:19 environments.acc.groups[0]: `*` is not a group in full, without spaces around it and without `*`; write for example apps_acc',
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
    '6:21 environments.b.modelSuffix: `x_acc` ends with the suffix `_acc` of acc, so that a model xx_acc would be in both; write a suffix of which neither is the end of the other, such as _b',
  ],
  [
    'environments:\n  acc: {}\n  b: { modelSuffix: cc }',
    '6:21 environments.b.modelSuffix: `cc` is the end of the suffix `_acc` of acc, so that a model x_acc would be in both; write a suffix of which neither is the end of the other, such as _b',
  ],
  [
    'environments:\n  b: { modelSuffix: _acc }\n  acc:',
    '6:3 environments.acc.modelSuffix: `_acc` is the same as the suffix `_acc` of b, so that a model x_acc would be in both; write a suffix of which neither is the end of the other, such as -acc',
  ],
  [
    'environments:\n  acc: {}\n  b: { experimentRoot: /experiments }',
    '6:24 environments.b.experimentRoot: `/experiments` holds `/experiments/acc` of acc; write a root that neither equals, holds nor lies in another, such as /experiments/b',
  ],
  [
    'environments:\n  acc: {}\n  b: { experimentRoot: /experiments/acc/b }',
    '6:24 environments.b.experimentRoot: `/experiments/acc/b` lies in `/experiments/acc` of acc; write a root that neither equals, holds nor lies in another, such as /experiments/b',
  ],
  [
    'environments:\n  acc: {}\n  b: { experimentRoot: /experiments/acc }',
    '6:24 environments.b.experimentRoot: `/experiments/acc` is the same as `/experiments/acc` of acc; write a root that neither equals, holds nor lies in another, such as /experiments/b',
  ],
  [
    'environments:\n  acc: { experimentRoot: acc }',
    '5:26 environments.acc.experimentRoot: `acc` is not absolute; write an absolute path such as /experiments/acc',
  ],
  [
    'environments:\n  acc: { experimentRoot: / }',
    '5:26 environments.acc.experimentRoot: `/` holds every experiment; write an absolute path such as /experiments/acc',
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
    '5:24 environments.acc.promotesFrom: only a production environment promotes; set production: true, or leave promotesFrom out',
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
    '6:41 environments.b.promotesFrom[0]: `acc` is in another workspace of the MLflow server, out of which nothing is promoted; leave it out, or give both the same',
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
    '5:53 environments.acc.sharedServingEndpoints[1]: `scorer_b` is a name of environment b, by its suffix `_b`; leave it out: endpoints of environments are not shared',
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
    "1:18 upstream.url: is the proxy's own address (listen.port is 5001); write where MLflow answers",
  ],
  [
    'environments: [acc]\nadmin: { port: 5000 }',
    '5:8 admin: is the same address as listen (port 5000); write another port, for example 9464',
  ],
  ['environments: [acc]\nlisten: 5', '5:9 listen: 5 is not a map of keys; write for example { host: 127.0.0.1, port: 5000 }'],
  ['environments: [acc]\nlissten: {}', '5:1 lissten: `lissten` is not a known key; did you mean `listen`?'],
  [
    'environments: [acc]\ntenantId: x',
    '5:1 tenantId: `tenantId` is not a known key here; it belongs to `upstream.credentials.tenantId` or `authentication.entra.tenantId` or `environments.<name>.credentials.tenantId`',
  ],
  [
    'environments: [acc]\nzzz: x',
    '5:1 zzz: `zzz` is not a known key; write one of listen, admin, databricksHost, upstream, authentication, environments, paging, unknownFields, shutdown, log, or leave it out',
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
    'upstream.url: must not hold a user name or password; write the URL alone, and use upstream.credentials',
  ],
  ['url: http://x/?a=1', 'upstream.url: must not have a query or fragment; write scheme, host, port and path alone'],
  ['url: "http://x/#"', 'upstream.url: must not have a query or fragment; write scheme, host, port and path alone'],
  [
    'url: http://x/a/../b',
    'upstream.url: has a path with dot segments, double slashes, backslashes or percent signs; write the path that it stands for',
  ],
  [
    'url: http://x/a%2fb',
    'upstream.url: has a path with dot segments, double slashes, backslashes or percent signs; write the path that it stands for',
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
    'upstream.credentials.clientSecretFile: is missing; write for example `clientSecretFile: /run/secrets/client-secret`',
  ],
  [
    'url: http://x, credentials: { mode: passthrough, clientId: a }',
    'upstream.credentials.clientId: is only for credentials with `mode: servicePrincipal`; leave it out, or write mode: servicePrincipal',
  ],
  [
    'url: http://x, rates: { registry: 0 }',
    'upstream.rates.registry: 0 is not a number of requests a second from 1 to 10000; write for example 40, or leave it out for 40',
  ],
  ...['workloadIdentity', 'onBehalfOf'].map((mode): [string, string] => [
    `url: http://x, credentials: { mode: ${mode} }`,
    `upstream.credentials.mode: \`${mode}\` is not supported by this version yet; write none or passthrough or token or servicePrincipal`,
  ]),
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
    `{ mode: sidecar, entra: { ${tenant}, audiences: [a] } }`,
    'mode: `sidecar` is not supported by this version yet; write bearer',
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
    'entra.audiences[0]: an empty text is not an audience in full, without spaces and `*`; write for example api://mlflow-env-proxy',
  ],
  [
    `{ entra: { ${tenant}, audiences: ["*"] } }`,
    'entra.audiences[0]: `*` is not an audience in full, without spaces and `*`; write for example api://mlflow-env-proxy',
  ],
  [
    `{ entra: { ${tenant}, audiences: [a], authority: "http://issuer.example.com" } }`,
    'entra.authority: is plain http, so anybody on the way could forge keys; write https (http is only for an issuer on loopback)',
  ],
  [
    `{ entra: { ${tenant}, audiences: [a], authority: "http://127.0.0.1.example.com" } }`,
    'entra.authority: is plain http, so anybody on the way could forge keys; write https (http is only for an issuer on loopback)',
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
  t.match(problemsOf(accent.replace('5001 }', '5001, foldsCase: true }'))[0]?.message, /beyond ASCII/)
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

t.test('variables inside the file are replaced, and take the type that the key wants', async (t) => {
  const content = `${base}environments: [acc]\nlisten: { port: "\${PORT}" }\n`
  t.equal(load(content, { PORT: '7000' }).listen.port, 7000)
  t.same(linesOf(content), ['5:17 listen.port: the environment variable PORT is not set; set it, or write the value here'])
  t.match(linesOf(content, { PORT: 'x' }), [/^5:17 listen\.port: /])
  const groups = (text: string, env = {}) =>
    load(`${base}environments: { acc: { groups: ["${text}"] } }`, env).environments[0]?.groups
  t.same(groups(`\${A}_\${B}`, { A: 'apps', B: 'acc' }), ['apps_acc'])
  t.same(groups(`$\${A}`), [`\${A}`], 'a doubled dollar escapes')
  t.same(groups('$A $'), ['$A $'], 'a dollar alone is text')
  t.same(groups(`\${A}`, { A: `\${B}` }), [`\${B}`], 'what was replaced is not replaced again')
  t.match(linesOf(`${base}environments: { acc: { groups: ["\${A:-x}", "\${"] } }`), [
    /`\$\{A:-x\}` is not a variable/,
    /`\$\{` is not a variable/,
  ])
  t.equal(load(small.replace('5001 }', `5001, foldsCase: "\${F}" }`), { F: 'true' }).foldsCase, true)
})

t.test('variables of the environment override the file', async (t) => {
  const config = load(small, {
    MLFLOW_ENV_PROXY_LISTEN__PORT: '7000',
    MLFLOW_ENV_PROXY_UPSTREAM__URL: 'https://mlflow.example.com',
    MLFLOW_ENV_PROXY_UPSTREAM__FOLDS_CASE: 'true',
    MLFLOW_ENV_PROXY_AUTHENTICATION__ENTRA__TENANTID: '99999999-2222-3333-4444-555555555555',
    MLFLOW_ENV_PROXY_AUTHENTICATION__ENTRA__AUDIENCES: '[a, b]',
    MLFLOW_ENV_PROXY_ENVIRONMENTS: '{ pre-prod: {}, prod: { production: true } }',
    MLFLOW_ENV_PROXY_ENVIRONMENTS__PRE_PROD__GROUPS: '["x y"]',
    MLFLOW_ENV_PROXY_ENVIRONMENTS__PRE_PROD__MODEL_SUFFIX: '123',
    MLFLOW_ENV_PROXY_LOG: '{ level: warn }',
    MLFLOW_ENV_PROXY_LOG__LEVEL: 'debug',
    MLFLOW_ENV_PROXY_PAGING__KEY_FILE: 'null',
  })
  t.equal(config.listen.port, 7000)
  t.equal(config.upstream.url, 'https://mlflow.example.com')
  t.equal(config.foldsCase, true)
  t.equal(config.authentication.entra.tenantId, '99999999-2222-3333-4444-555555555555')
  t.same(config.authentication.entra.audiences, ['a', 'b'])
  t.same(config.environments, [
    environment('pre-prod', { groups: ['x y'], modelSuffix: '123' }),
    environment('prod', { production: true, registrationStage: 'Production' }),
  ])
  t.equal(config.log.level, 'debug', 'the inner key wins over the outer one')
})

t.test('a variable that overrides a wrong or unset value mends the file', async (t) => {
  const content = small.replace('[api://proxy]', `["\${NOT_SET}"]`)
  t.equal(problemsOf(content).length, 1)
  t.same(load(content, { MLFLOW_ENV_PROXY_AUTHENTICATION__ENTRA__AUDIENCES: '[a]' }).authentication.entra.audiences, ['a'])
})

t.test('a wrong variable is named, and so is one that overrides nothing', async (t) => {
  const cases: readonly (readonly [NodeJS.ProcessEnv, readonly string[]])[] = [
    [
      { UPSTREM__URL: 'x' },
      ['UPSTREM__URL: this variable overrides no key of the configuration; did you mean MLFLOW_ENV_PROXY_UPSTREAM__URL?'],
    ],
    [
      { LISTEN_PORT: '1' },
      ['LISTEN_PORT: this variable overrides no key of the configuration; did you mean MLFLOW_ENV_PROXY_LISTEN__PORT?'],
    ],
    [
      { ENVIRONMENTS__ACC__GROUP: '[a]' },
      [
        'ENVIRONMENTS__ACC__GROUP: this variable overrides no key of the configuration; did you mean MLFLOW_ENV_PROXY_ENVIRONMENTS__ACC__GROUPS?',
      ],
    ],
    [
      { ENVIRONMENTS__PROD__GROUPS: '[a]' },
      [
        'ENVIRONMENTS__PROD__GROUPS: the file has no environment `prod` (there are acc, preprod); add it there, or set MLFLOW_ENV_PROXY_ENVIRONMENTS to replace them all',
      ],
    ],
    [
      { ENVIRONMENTS__ACC__GROUPS: '[]' },
      [
        'ENVIRONMENTS__ACC__GROUPS environments.acc.groups: is empty; write at least one, for example [apps_acc, 6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21], or leave it out for [apps_acc]',
      ],
    ],
    [
      { ENVIRONMENTS__ACC__GROUPS: '[a' },
      ['ENVIRONMENTS__ACC__GROUPS environments.acc.groups: is not valid YAML; write a plain value, or [a, b] for a list'],
    ],
    [
      { LISTEN__PORT: 'many' },
      [
        'LISTEN__PORT listen.port: the text "many" is not a port from 0 to 65535; write for example 5000, or leave it out for 5000',
      ],
    ],
    [
      { AUTHENTICATION__ENTRA__TENANT_ID: 'x', AUTHENTICATION__ENTRA__TENANTID: '11111111-2222-3333-4444-555555555555' },
      [
        'AUTHENTICATION__ENTRA__TENANT_ID authentication.entra.tenantId: MLFLOW_ENV_PROXY_AUTHENTICATION__ENTRA__TENANTID already sets this key; keep one of the two',
        'AUTHENTICATION__ENTRA__TENANT_ID authentication.entra.tenantId: `x` is not the GUID of one tenant; write for example 11111111-2222-3333-4444-555555555555',
      ],
    ],
  ]
  for (const [variables, wanted] of cases) {
    const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [`MLFLOW_ENV_PROXY_${name}`, value]))
    t.same(
      linesOf(small, env),
      wanted.map((line) => `MLFLOW_ENV_PROXY_${line}`),
    )
  }
})

t.test("variables that Kubernetes makes for Services are nobody's overrides", async (t) => {
  const env = {
    MLFLOW_ENV_PROXY_SERVICE_HOST: '10.0.0.1',
    MLFLOW_ENV_PROXY_SERVICE_PORT: '5000',
    MLFLOW_ENV_PROXY_SERVICE_PORT_HTTP: '5000',
    MLFLOW_ENV_PROXY_PORT: 'tcp://10.0.0.1:5000',
    MLFLOW_ENV_PROXY_PORT_5000_TCP: 'tcp://10.0.0.1:5000',
    MLFLOW_ENV_PROXY_PORT_5000_TCP_PROTO: 'tcp',
    MLFLOW_ENV_PROXY_PORT_5000_TCP_PORT: '5000',
    MLFLOW_ENV_PROXY_PORT_5000_TCP_ADDR: '10.0.0.1',
    MLFLOW_ENV_PROXY_ADMIN_PORT: 'tcp://10.0.0.1:9464',
    MLFLOW_ENV_PROXY_ADMIN_SERVICE_HOST: '10.0.0.1',
  }
  t.same(load(small, env), load(small))
})

t.test('secrets come from files that must be there and hold one', async (t) => {
  mkdirSync(join(folder, 'secrets'), { recursive: true })
  write('secrets/token', 'dapi-1234\n')
  write('secrets/empty', '\n')
  write('secrets/two-lines', 'a\nb\n')
  write('secrets/short', 'abc')
  write('secrets/key', `${'0f'.repeat(32)}\n`)
  const token = (file: string) => small.replace('5001 }', `5001, credentials: { mode: token, file: ${file} } }`)
  t.same(load(token('secrets/token')).upstream.credentials, { mode: 'token', file: join(folder, 'secrets/token') })
  t.same(load(token(join(folder, 'secrets/token'))).upstream.credentials, { mode: 'token', file: join(folder, 'secrets/token') })
  t.equal(load(`${small}paging: { keyFile: secrets/key }`).paging.keyFile, join(folder, 'secrets/key'))
  const wrong = (content: string) => problemsOf(content).map(({ path, message }) => `${path}: ${message}`.replaceAll(folder, ''))
  t.same(wrong(token('secrets/absent')), [
    'upstream.credentials.file: the file /secrets/absent does not exist; write the path of one that does',
  ])
  t.same(wrong(token('secrets')), ['upstream.credentials.file: /secrets is not a file; write the path of a file'])
  t.same(wrong(token('secrets/empty')), ['upstream.credentials.file: the file /secrets/empty is empty; write the token into it'])
  t.match(wrong(token('secrets/two-lines')), [/write the token alone into it/])
  t.same(wrong(`${small}paging: { keyFile: secrets/short }`), [
    'paging.keyFile: the file /secrets/short holds a key of 3 bytes; write at least 32, as `openssl rand -hex 32` makes them',
  ])
  t.same(wrong(`${small}paging: { keyFile: "" }`), [
    'paging.keyFile: an empty text is not the path of a file; write for example /run/secrets/paging-key, or leave it out',
  ])
})

t.test('a key file is hexadecimal, base64 or raw, and always gives 32 bytes', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index))
  for (const content of [
    bytes,
    bytes.toString('hex'),
    `${bytes.toString('hex').toUpperCase()}\n`,
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ]) {
    t.same(readKeyFile(write('key', content)), bytes)
  }
  t.equal(readKeyFile(write('key', 'a passphrase of more than 32 bytes, which is condensed')).length, 32)
  t.throws(() => readKeyFile(write('key', bytes.subarray(1))), /31 bytes/)
  t.throws(() => readKeyFile(write('key', bytes.subarray(1).toString('hex').slice(0, 31))), /31 bytes/)
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
const landscape = fc.record({
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
      fc.property(landscape, fc.array(fc.stringMatching(/^[ab_A]{1,5}$/), { minLength: 30, maxLength: 30 }), (world, tails) => {
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
        const accepted = findLandscapeProblems(world).length === 0
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

t.test('check says in words who is where, with which names and stages', async (t) => {
  const config = load(
    `${base}environments:\n  acc: { administrators: [admins_acc], sourcePrefixes: ["s3://models/acc"] }\n  prod: { groups: [a, b], production: true, promotesFrom: [acc], sharedServingEndpoints: [llama, gpt], servingSecretScopes: [prod-models] }\n`,
  )
  const paragraphs = describeConfig(config).split('\n\n')
  t.match(paragraphs[0], /MLflow at http:\/\/127\.0\.0\.1:5001, without credentials/)
  t.match(paragraphs[0], /MLFLOW_TRACKING_URI=http:\/\/127\.0\.0\.1:5000\/env\/acc/)
  t.equal(
    paragraphs[1],
    `Environment acc
  who          callers with the role or group apps_acc
  admins       callers with the role or group admins_acc
  models       fraud is fraud_acc upstream
  experiments  churn is /experiments/acc/churn upstream
  stages       may use None, Staging and Archived, never Production
  new version  goes to Staging
  promotes     from no other environment, and reads none
  sources      its own artifacts, and s3://models/acc/`,
  )
  t.equal(
    paragraphs[2],
    `Environment prod (production)
  who          callers with the role or group a or b
  models       fraud is fraud_prod upstream
  experiments  churn is /experiments/prod/churn upstream
  stages       may use None, Staging, Production and Archived
  new version  goes to Production
  promotes     reads acc (versions, and the runs, logged models and artifacts behind them), and promotes their versions
  sources      its own artifacts only
  may query    its own serving endpoints, and llama, gpt
  secrets      served models may be given those of prod-models`,
  )
})

t.test('check warns of what may not be meant, and only of that', async (t) => {
  const warnings = (content: string) => describeConfig(load(content)).split('Worth a second look\n')[1] ?? ''
  const always = small.replace('5001 }', '5001, credentials: { mode: passthrough } }')
  write('paging-key', 'k'.repeat(40))
  t.equal(warnings(`${always}paging: { keyFile: paging-key }`), '')
  const cases: readonly (readonly [string, RegExp])[] = [
    [small, /asks for no credentials/],
    [always, /replicas do not share it/],
    [`${always}listen: { host: 0.0.0.0 }`, /listen\.host 0\.0\.0\.0 is reachable/],
    [`${always}admin: { host: "::" }`, /admin\.host :: is reachable/],
    [always.replace('http://127.0.0.1:5001', 'http://mlflow:5001'), /plain http to another machine/],
    [always.replace('audiences', 'authority: https://issuer.example.com, audiences'), /is not Microsoft's/],
    [`${always}unknownFields: forward`, /are forwarded/],
    [
      always.replace('[acc, preprod]', '{ acc: { groups: [x] }, b: { groups: [x], production: true } }'),
      /The group x is in acc and b, production included/,
    ],
    [always.replace('[acc, preprod]', '{ acc: { groups: [x] }, b: { administrators: [x] } }'), /The group x is in acc and b:/],
    [always.replace('preprod', 'prod'), /prod is not a production environment/],
    [always.replace('[acc, preprod]', '{ acc: { modelSuffix: _X }, b: { modelSuffix: _x } }'), /b and acc differ only by case/],
    [always.replace('[acc, preprod]', '{ acc: { sourcePrefixes: ["s3://models"] } }'), /sourcePrefixes of acc/],
  ]
  for (const [content, wanted] of cases) t.match(warnings(content), wanted)
})

async function run(...args: string[]) {
  const output = { out: '', err: '' }
  const code = await runCommand(
    args,
    { SECRETS_DIR: join(folder, 'example') },
    {
      out: (text) => {
        output.out += text
      },
      err: (text) => {
        output.err += text
      },
    },
  )
  return { code, ...output }
}

t.test('the examples pass check', async (t) => {
  mkdirSync(join(folder, 'example'), { recursive: true })
  write('example/mlflow-token', 'token')
  write('example/paging-key', '0f'.repeat(32))
  for (const name of ['minimal', 'full']) {
    const { code, out, err } = await run('check', '--config', join(repository, `examples/${name}.yaml`))
    t.same([code, err], [0, ''], name)
    t.match(out, /Environment acc/)
  }
})

t.test('the command line says what it wants', async (t) => {
  const wrong = write('wrong.yaml', `${small}lissten: {}\n`)
  t.same(await run('check', '-c', wrong), {
    code: 1,
    out: '',
    err: `${wrong}:5:1 lissten: \`lissten\` is not a known key; did you mean \`listen\`?\n1 problem in the configuration\n`,
  })
  t.match(await run('serve', '-c', wrong), { code: 1, err: /:5:1 lissten/ })
  t.match(await run('check', '-c', join(folder, 'absent.yaml')), { code: 1, err: /absent\.yaml: the file .* does not exist/ })
  t.match(await run('--help'), { code: 0, out: /Usage: mlflow-env-proxy/ })
  t.match(await run('--version'), { code: 0, out: /^\d+\.\d+\.\d+\n$/ })
  for (const args of [[], ['check'], ['chek', '-c', 'x'], ['check', 'x', '-c', 'x'], ['check', '--confg', 'x']]) {
    t.match(await run(...args), { code: 2, out: '', err: /^mlflow-env-proxy: / }, args.join(' '))
  }
})

t.test('the program ends with the exit code of its command', async (t) => {
  const program = (...args: string[]) =>
    spawnSync(process.execPath, [join(repository, 'src/cli.ts'), ...args], { encoding: 'utf8' })
  t.match(program('check', '--config', write('right.yaml', small)), { status: 0, stdout: /Environment preprod/ })
  t.match(program('check', '--config', write('wrong.yaml', 'x: 1')), { status: 1, stderr: /wrong\.yaml:1:1 x: / })
})

t.test('docs/configuration.md is what the schema says', async (t) => {
  t.equal(
    readFileSync(join(repository, 'docs/configuration.md'), 'utf8'),
    renderCurrentReference(),
    'run scripts/generate-config-reference.ts',
  )
})

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
        'environments.prod.unityCatalogSchema: `prod.ml` is the schema of acc, too; write a schema of its own',
      ],
      [
        '{ unityCatalogSchema: main.ml_acc }',
        '{}',
        'environments.acc.unityCatalogSchema: is missing; write the catalog and schema of its models, for example acc.ml',
      ],
      [
        'ml_acc }',
        'ml_acc, registrationStage: Staging }',
        'environments.acc.registrationStage: is only for `upstream.registry: workspace`; Unity Catalog has aliases, and registrationAlias in its place',
      ],
      [
        'kind: databricks, ',
        '',
        'upstream.registry: `unityCatalog` is only for a Databricks workspace; write kind: databricks, or leave it out',
      ],
      [
        'ml_acc }',
        'ml_acc, registrationAlias: production }',
        'environments.acc.registrationAlias: `production` is kept for production (prod); write another alias, such as staging, or none',
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
        authority: 'https://login.microsoftonline.com',
        tenantId: '11111111-2222-3333-4444-555555555555',
        clientId: 'b',
        clientSecretFile: join(folder, 'secret'),
        scope: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default',
      },
    },
    rates: { registry: 20, searchRuns: 7, experiments: 7, logBatch: 47, other: 127 },
    storageHosts: ['store.example.com:8443'],
  })
  t.match(problemsOf(file('/Workspace/experiments/prod'))[0], {
    path: 'environments.prod.experimentRoot',
    message: 'begins with /Workspace, which Databricks takes away; write /experiments/prod',
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
  ) => `upstream: { url: https://x.example, kind: ${kind}, credentials: { mode: ${mode} } }
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
    /groups +the token's roles and groups; where it lists none or too many, those that the Databricks workspace says/,
  )
  t.match(describeConfig(chosen), /whoever may make groups there/)
  t.match(describeConfig(chosen), /whichever application holds one/)
  t.equal(load(write('databricks', 'passthrough', databricks, 'directory: none, ')).authentication.directory, 'none')
  t.match(linesOf(write('mlflow', 'none', databricks, 'directory: databricks, ')), [
    /authentication.directory: is databricks, but the upstream is none/,
  ])
  t.match(linesOf(write('databricks', 'none', 'api://proxy', 'directory: databricks, ')), [
    /can only be asked with tokens for Databricks; add 2ff814a6/,
  ])
  t.match(linesOf(write('databricks', 'none', databricks, 'directory: graph, ')), [
    /`graph` is not supported by this version yet; write none or databricks/,
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
    ['{}', 'databricksHost', 'opens no door; write listen, for example { port: 5002 }, or hostNames'],
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
      "is the proxy's own address (databricksHost.listen.port is 5003); write where MLflow answers",
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
