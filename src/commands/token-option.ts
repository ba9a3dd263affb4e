import { InvalidArgumentError, Option } from 'commander'
import { readSecretFile } from '../server/config/secret-file.ts'

/** `--token-file FILE`, whose value is the token in the file. */
export const tokenOption = (whose: string) => new Option('--token-file <file>', whose).argParser(readToken)

function readToken(file: string): string {
  try {
    return readSecretFile(file)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}
