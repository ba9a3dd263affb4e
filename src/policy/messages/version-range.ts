/** The described MLflow versions that have something: from `since` on, or from the oldest; up to and with `until`, or to the newest. */
export interface VersionRange {
  readonly since?: string
  readonly until?: string
}
