/** What the audit line says of a request besides its references. */
export interface AuditDetails {
  readonly fromStage?: string
  readonly toStage?: string
  readonly archivesOthers?: boolean
  readonly alias?: string
  readonly tagKey?: string
  readonly newName?: string
  readonly path?: string
}

/** What a field may add to them. */
export type AuditDetail = Exclude<keyof AuditDetails, 'fromStage'>
