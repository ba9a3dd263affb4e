/** The client's connection closed before its answer was over: nobody waits for what is still to be done. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
  override readonly message = 'the client went away'
}
