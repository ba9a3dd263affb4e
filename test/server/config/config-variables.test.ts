import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readKeyFile } from '../../../src/server/config/secret-file.ts'
import { base, environment, folder, linesOf, load, problemsOf, small, write } from '../../fixtures/config-file.ts'

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
  t.equal(config.authentication.entra?.tenantId, '99999999-2222-3333-4444-555555555555')
  t.same(config.authentication.entra?.audiences, ['a', 'b'])
  t.same(config.environments, [
    environment('pre-prod', { groups: ['x y'], modelSuffix: '123' }),
    environment('prod', { production: true, registrationStage: 'Production' }),
  ])
  t.equal(config.log.level, 'debug', 'the inner key wins over the outer one')
})

t.test('a variable that overrides a wrong or unset value mends the file', async (t) => {
  const content = small.replace('[api://proxy]', `["\${NOT_SET}"]`)
  t.equal(problemsOf(content).length, 1)
  t.same(load(content, { MLFLOW_ENV_PROXY_AUTHENTICATION__ENTRA__AUDIENCES: '[a]' }).authentication.entra?.audiences, ['a'])
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
    'upstream.credentials.file: the file /secrets/absent does not exist; write the path of an existing file',
  ])
  t.same(wrong(token('secrets')), ['upstream.credentials.file: /secrets is not a file; write the path of a file'])
  t.same(wrong(token('secrets/empty')), ['upstream.credentials.file: the file /secrets/empty is empty; write the token into it'])
  t.match(wrong(token('secrets/two-lines')), [/write only the token into it/])
  t.same(wrong(`${small}paging: { keyFile: secrets/short }`), [
    'paging.keyFile: the file /secrets/short has a key of 3 bytes; write at least 32, for example with `openssl rand -hex 32`',
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
