import type { VersionRange } from './version-range.ts'

/** One field of an MLflow message. `json` holds any JSON (protobuf's Value), or text of a given `form`. */
export interface Field extends VersionRange {
  readonly type: FieldType
  /** What a `json` field's text must look like: protobuf's Timestamp, Duration or FieldMask. */
  readonly form?: 'timestamp' | 'duration' | 'fieldMask'
  /** Full name of the message, where `type` is `message`. */
  readonly message?: string
  /** The names of an enum. */
  readonly values?: readonly string[]
  /** The numbers of those names, where protobuf has them. */
  readonly numbers?: readonly number[]
  readonly repeated?: true
  /** A map from strings to values of `type`. */
  readonly map?: true
  /** MLflow's newest version refuses the message without it. */
  readonly required?: true
  /** At most one field of this group may be set. */
  readonly oneof?: string
}

export type FieldType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'float'
  | 'double'
  | 'enum'
  | 'bytes'
  | 'message'
  | 'json'
