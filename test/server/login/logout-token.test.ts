import { errors } from 'jose'
import t from 'tap'
import { readLogoutToken } from '../../../src/server/login/logout-token.ts'
import { makeSigner, makeSigningKey } from '../../fakes/signer.ts'

t.test('while the issuer’s keys cannot be read, nobody is told that a logout token is wrong', async (t) => {
  const issuer = 'https://login.example.com'
  const { token } = makeSigner(issuer, 'RS256', await makeSigningKey('RS256', 'k'), { aud: 'c', jti: 'j', sub: 's' })
  for (const error of [new TypeError('fetch failed'), new errors.JWKSTimeout(), new errors.JWKSInvalid()]) {
    const keys = () => Promise.reject(error)
    const read = readLogoutToken(await token(), { keys, issuer, clientId: 'c', now: Date.now() })
    await t.rejects(read, { reason: 'issuer-unavailable', message: /send the logout token again/ }, error.name)
  }
})
