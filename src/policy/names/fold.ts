/** Characters. No id, key or alias of MLflow's is as long, and what is longer is none in any spelling. */
export const longestWord = 1024

/** The beginning of a text in Unicode's compatibility form, as long as a word may be: a whole text may get 18 times longer by it. */
export function foldWidth(text: string): string {
  return text.slice(0, longestWord).normalize('NFKC')
}
