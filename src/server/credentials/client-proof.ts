import { importPKCS8 } from 'jose'
import { type ClientAuth, ClientSecretPost, modifyAssertion, PrivateKeyJwt } from 'oauth4webapi'
import { readClientCertificate } from '../config/client-certificate.ts'
import type { TokenClient } from '../config/config-types.ts'
import { readSecretFile } from '../config/secret-file.ts'
import { basicAuthorization } from '../network/basic-authorization.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** An assertion signed with a certificate that the application has at the issuer: PS256, and the certificate by its SHA-256. */
async function byCertificate(file: string): Promise<ClientAuth> {
  const { thumbprint, key } = readClientCertificate(file)
  const privateKey = await importPKCS8(String(key.export({ type: 'pkcs8', format: 'pem' })), 'PS256')
  return PrivateKeyJwt(privateKey, {
    [modifyAssertion]: (header) => {
      header.typ = 'JWT'
      header['x5t#S256'] = thumbprint
    },
  })
}

/** A token of another issuer that vouches for the application: Kubernetes' projected token, for example. */
function byAssertion(token: string): ClientAuth {
  return (_server, { client_id }, body) => {
    body.set('client_id', client_id)
    body.set('client_assertion_type', assertionType)
    body.set('client_assertion', token)
  }
}

/**
 * How an application proves to an issuer who it is. Its files are read now, because they are replaced while the proxy runs.
 * Throws an error that names the file.
 */
export async function proofOf({
  issuer,
  clientId,
  clientSecretFile,
  certificateFile,
  tokenFile,
}: TokenClient): Promise<ClientAuth> {
  if (clientSecretFile !== undefined) {
    const secret = readSecretFile(clientSecretFile)
    if (issuer === 'entra') return ClientSecretPost(secret)
    // As Databricks' own clients do: the library would write each hyphen of the id as %2D.
    return (_server, { client_id }, _body, headers) => headers.set('authorization', basicAuthorization(client_id, secret))
  }
  if (certificateFile !== undefined) return byCertificate(certificateFile)
  if (tokenFile !== undefined && issuer === 'entra') return byAssertion(readSecretFile(tokenFile))
  // A token that is exchanged speaks for itself; the id says whose federation policy applies.
  return (_server, _client, body) => void (clientId !== null && body.set('client_id', clientId))
}
