/** Something that a person must install or repair; the message is the single line that is shown. */
export class Missing extends Error {
  name = 'Missing'
}
