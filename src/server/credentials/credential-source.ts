/** Who is asked for: the caller's own Authorization header; null where the proxy asks for itself. */
export interface AskedFor {
  readonly authorization: string | null
}

type AuthenticationHeaders = Readonly<Record<string, string>>

/** The headers that authenticate the proxy, or the caller through it. */
export interface CredentialSource {
  /** The headers of a request, at once where nobody has to be asked for them. */
  read(caller: AskedFor): AuthenticationHeaders | Promise<AuthenticationHeaders>
  /** Records that these headers were not accepted; true if others may be had, so that asking again makes sense. */
  refuse(caller: AskedFor, headers: Readonly<Record<string, string>>): boolean
}
