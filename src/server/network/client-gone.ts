class ClientGone extends Error {
  override readonly name = 'ClientGone'
  override readonly message = 'the client disconnected'
}

/**
 * Why work is given up whose client's connection closed before its answer was over: nobody waits for what is still to be done. One for all,
 * as nobody reads its stack, and every request might need one.
 */
export const clientGone: Error = new ClientGone()
