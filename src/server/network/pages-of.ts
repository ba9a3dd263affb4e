import { Refusal } from '../../policy/reasons.ts'

/**
 * The pages of a list, one after the other; whoever has enough leaves. `ask` gets the token of a page, '' for the first. `nextOf` reads the token
 * of the next one, '' if there is none. Throws `unknown-answer` for a list that would never end.
 */
export async function* pagesOf<P>(ask: (token: string) => Promise<P>, nextOf: (page: P) => string): AsyncGenerator<P> {
  for (let token = ''; ; ) {
    const page = await ask(token)
    yield page
    const next = nextOf(page)
    if (next === '') return
    // A part of the rows would look like all of them.
    if (next === token)
      throw new Refusal('unknown-answer', 'A list that the proxy has to read gives the same page again and again.')
    token = next
  }
}
