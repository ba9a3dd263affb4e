/** Who is asked for: the caller's own Authorization header; null where the proxy asks for itself. */
export interface AskedFor {
  readonly authorization: string | null
}

/** The headers that authenticate the proxy, or the caller through it. */
export interface CredentialSource {
  /** The headers of a request. */
  read(caller: AskedFor): Promise<Readonly<Record<string, string>>>
  /** Records that these headers were not accepted; true if others may be had, so that asking again makes sense. */
  refuse(caller: AskedFor, headers: Readonly<Record<string, string>>): boolean
}
