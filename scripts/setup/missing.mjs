/** Something that a person has to install or repair; its message is the one line that is shown. */
export class Missing extends Error {
  name = 'Missing'
}
