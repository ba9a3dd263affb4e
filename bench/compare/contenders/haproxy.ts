import { createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findHaproxy } from '../../../scripts/setup/haproxy.mjs'
import { freePort } from '../../../test/harness/program.ts'
import { type Kind, type Setup, startContender } from '../contender.ts'

const configuration = (port: number, keyFile: string, { upstream, issuer }: Setup) => `global
  maxconn 2000
  nbthread 1
  log /dev/null local0
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 300s
frontend callers
  bind 127.0.0.1:${port}
  http-request set-var(txn.token) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.token),jwt_header_query('$.alg') -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.iss') -m str ${issuer.authority}/${issuer.tenantId}/v2.0 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.aud') -m str ${issuer.audience} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify('RS256',"${keyFile}") -m int 1 }
  http-request set-header Host ${new URL(upstream).host}
  default_backend mlflow
backend mlflow
  http-reuse always
  server mlflow ${new URL(upstream).host}
`

/** Plain forwarding of what has a good token; the signature is verified for each request. */
export const haproxy: Kind = {
  name: 'HAProxy',
  async start(setup) {
    const command = findHaproxy()
    if (command === null) throw new Error('HAProxy was not found')
    const port = await freePort()
    const [file, keyFile] = [join(setup.folder, `haproxy-${port}.cfg`), join(setup.folder, 'issuer.pem')]
    writeFileSync(keyFile, createPublicKey(setup.issuer.key()).export({ type: 'spki', format: 'pem' }))
    writeFileSync(file, configuration(port, keyFile, setup))
    return startContender({ name: 'HAProxy', port, command, args: ['-db', '-f', file] }, setup.probe)
  },
}
