import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runCommand } from '../../../src/commands/run-command.ts'
import { AgentProblem, readAgentSettings } from '../../../src/server/agent/agent-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'agent-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const tokenFile = join(folder, 'token')
writeFileSync(tokenFile, 'a-token')
const certificateFile = fileURLToPath(new URL('../../fixtures/certificates/client.pem', import.meta.url))
const tenantId = '11111111-2222-3333-4444-555555555555'
const to = 'https://mlflow.example.com/env/acc'
const base = { to, listen: '127.0.0.1:5000', authority: 'https://login.microsoftonline.com', audience: 'api://proxy' }
const pod = { AZURE_FEDERATED_TOKEN_FILE: tokenFile, AZURE_CLIENT_ID: 'pod', AZURE_TENANT_ID: tenantId }
const tokenUrl = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`

t.test('whose token it is', async (t) => {
  const scope = 'api://proxy/.default'
  const cases: readonly (readonly [object, NodeJS.ProcessEnv, object])[] = [
    [{}, pod, { mode: 'workloadIdentity', tokenUrl, clientId: 'pod', tokenFile, scope }],
    [{}, {}, { mode: 'managedIdentity', clientId: null, resource: 'api://proxy' }],
    [
      { clientId: 'a', tenantId, certificateFile },
      pod,
      { mode: 'servicePrincipal', tokenUrl, clientId: 'a', certificateFile, scope },
    ],
    [{ tokenFile, audience: undefined }, {}, { mode: 'token', file: tokenFile }],
  ]
  for (const [options, env, credentials] of cases) {
    const settings = readAgentSettings({ ...base, ...options }, env)
    t.match(settings, { listen: { host: '127.0.0.1', port: 5000 }, probes: null })
    t.match(settings.credentials, credentials)
    t.equal(settings.to.href, to)
  }
})

t.test('everything that is wrong is told at once, in the words of the command line', async (t) => {
  const cases: readonly (readonly [object, NodeJS.ProcessEnv, readonly RegExp[]])[] = [
    [
      { to: 'mlflow', listen: '0.0.0.0:5000', probes: 'x', audience: undefined },
      {},
      [
        /^--to: is not an absolute http or https URL; write for example https/,
        /^--listen: 0\.0\.0\.0 would lend the agent's identity to other machines; write 127\.0\.0\.1:5000$/,
        /^--probes: `x` is not an address/,
        /^--audience: is missing; name the application of the proxy/,
      ],
    ],
    [
      { clientSecretFile: '/nowhere', tenantId: 'common', authority: 'http://login.example.com', caFile: '/nowhere' },
      {},
      [
        /^--ca-file: /,
        /^--client-id: is missing; write for example --client-id /,
        /^--client-secret-file: the file \/nowhere does not exist/,
        /^--tenant-id: write the GUID/,
        /^--authority: is plain http/,
      ],
    ],
    [{ certificateFile: tokenFile, clientId: 'a', tenantId }, {}, [/^--certificate-file: .* has no certificate/]],
    [{}, { ...pod, AZURE_CLIENT_ID: '' }, [/^--client-id: is missing/]],
  ]
  for (const [options, env, wanted] of cases) {
    let said: string[] = []
    try {
      readAgentSettings({ ...base, ...options }, env)
    } catch (error) {
      if (!(error instanceof AgentProblem)) throw error
      said = error.message.split('\n')
    }
    t.equal(said.length, wanted.length, said.join('\n'))
    t.match(said, wanted)
  }
})

t.test('the command ends with 1 where it cannot run, and with 2 where it is none', async (t) => {
  const said: string[] = []
  const terminal = { out: () => undefined, err: (text: string) => void said.push(text) }
  t.equal(await runCommand(['agent', '--to', to], {}, terminal), 1)
  t.match(said[0], /--audience: is missing/)
  t.equal(await runCommand(['agent'], {}, terminal), 2)
})
