import type { LoggedModelFact, VersionFact } from './fact-query.ts'

/** Something that a request changes and that a version in production may be made of. */
export type Change =
  /** `fresh`: what was looked up for an earlier request does not count. */
  | { readonly kind: 'run'; readonly id: string; readonly fresh: boolean }
  | { readonly kind: 'loggedModel'; readonly model: LoggedModelFact; readonly fresh: boolean }
  | { readonly kind: 'versions'; readonly versions: readonly VersionFact[]; readonly word: 'version' | 'model' }
  | { readonly kind: 'experiment'; readonly id: string }

/** What a request changes or promotes, by keys: two requests that share one touch the same thing. */
export const originKey = {
  run: (id: string) => `run ${id}`,
  loggedModel: (id: string) => `logged model ${id}`,
  version: ({ name, version }: Pick<VersionFact, 'name' | 'version'>) => `version ${version} of ${name}`,
  experiment: (id: string) => `experiment ${id}`,
} as const

/** The keys of a change. */
export function keysOf(change: Change): readonly string[] {
  switch (change.kind) {
    case 'run':
      return [originKey.run(change.id)]
    case 'loggedModel': {
      const { id, sourceRunId } = change.model
      return [originKey.loggedModel(id), ...(sourceRunId === null ? [] : [originKey.run(sourceRunId)])]
    }
    case 'versions':
      return change.versions.map(originKey.version)
    case 'experiment':
      return [originKey.experiment(change.id)]
  }
}
