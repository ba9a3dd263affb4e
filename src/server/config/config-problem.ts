/** Where a value is in the configuration: map keys and list indices from the top. */
export type ConfigPath = readonly (string | number)[]

/** Where a value was written: in the file (lines and columns count from 1), or in an environment variable. */
export interface Place {
  readonly line: number
  readonly column: number
  readonly variable: string | null
}

/** One thing that is wrong. `line` and `column` are 0 where the file has no such place: the file itself, or a variable. */
export interface ConfigProblem extends Place {
  /** As in `environments.acc.groups[0]`; empty for the whole file. */
  readonly path: string
  /** What is wrong and what to write instead. */
  readonly message: string
}

/** A problem that does not know its place yet. */
export interface Finding {
  readonly path: ConfigPath
  readonly message: string
  /** The complaint is about the key, not about its value. */
  readonly atKey?: boolean
  /** The complaint is about the content of a file of secrets or certificates. */
  readonly ofSecret?: boolean
  /** Where it is, when the path does not say so. */
  readonly place?: Place
}

/** A configuration that cannot be used; `problems` has every reason, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly file: string
  readonly problems: readonly ConfigProblem[]
  constructor(file: string, problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => formatProblem(file, problem)).join('\n'))
    this.file = file
    this.problems = problems
  }
}

/** One line for a terminal: `FILE:LINE:COL path: message`, which editors and CI logs make clickable. */
function formatProblem(file: string, problem: ConfigProblem): string {
  const place = problem.variable ?? (problem.line === 0 ? file : `${file}:${problem.line}:${problem.column}`)
  return `${place}${problem.path === '' ? '' : ` ${problem.path}`}: ${problem.message}`
}

/** `environments.acc.groups[0]`; a key that is not a plain word is quoted. */
export function showPath(path: ConfigPath): string {
  return path.reduce<string>((shown, part) => {
    if (typeof part === 'number') return `${shown}[${part}]`
    if (!/^[\w-]+$/.test(part)) return `${shown}[${JSON.stringify(part)}]`
    return shown === '' ? part : `${shown}.${part}`
  }, '')
}

/** Whether `path` is `ancestor` or lies in it. */
export function isWithin(path: ConfigPath, ancestor: ConfigPath): boolean {
  return ancestor.length <= path.length && ancestor.every((part, index) => path[index] === part)
}
