/** Causes of connection failures by error code, as text after the name of the target. */
const sentences: readonly (readonly [codes: RegExp, sentence: string])[] = [
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/,
    'its certificate is from an authority that is not trusted here; add the certificate of the authority to tls.caFile',
  ],
  [/^DEPTH_ZERO_SELF_SIGNED_CERT$/, 'its certificate is self-signed; add it to tls.caFile if it is the right one'],
  [/^CERT_HAS_EXPIRED$/, 'its certificate, or that of its authority, has expired; renew it there'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet; check the clocks of both machines'],
  [/^CERT_|^ERR_SSL_.*CERT|^UNABLE_TO_/, 'its certificate cannot be verified'],
  [/^(EPROTO|ERR_SSL_)/, 'it does not speak TLS there; check whether the address should begin with http or https'],
  [/^ENOTFOUND$/, 'its name has no address here; check its spelling and DNS'],
  [/^EAI_AGAIN$/, 'DNS does not answer'],
  [/^ECONNREFUSED$/, 'nothing listens there'],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/,
    'it cannot be reached; check firewalls, and whether HTTPS_PROXY is needed',
  ],
]

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function wrongName(error: object): string {
  const names =
    'cert' in error && typeof error.cert === 'object' && error.cert !== null && 'subjectaltname' in error.cert
      ? String(error.cert.subjectaltname)
      : ''
  const shown = names.replaceAll(/DNS:|IP Address:/g, '').slice(0, 120)
  return `its certificate is for ${shown === '' ? 'another name' : shown}, not for the name in the address; use a name of its certificate`
}

/** Why there is no connection or no answer, in a sentence that says what to do, with the error code. */
export function describeNetworkError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const code = codeOf(error) || codeOf(first)
  const said = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? wrongName(error) : sentences.find(([codes]) => codes.test(code))?.[1]
  if (said !== undefined) return `${said} (${code})`
  return error.message || code || error.name
}
