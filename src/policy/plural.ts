/** A number of things in a sentence: '1 problem', '2 problems'. */
export const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
