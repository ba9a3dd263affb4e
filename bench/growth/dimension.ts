import type { TestIssuer } from '../../test/fakes/issuer.ts'
import type { Contender } from '../compare/contender.ts'
import type { Requests } from '../compare/requests.ts'

/** What a process needed at one point of a dimension. */
export interface Need {
  /** Microseconds of CPU for each request; null where none is sent. */
  readonly cpu: number | null
  /** MiB of resident memory. */
  readonly rss: number
}

export interface Ground {
  readonly proxy: Contender & { readonly pid: number }
  readonly issuer: TestIssuer
  readonly requests: Requests
  /** Of one burst. */
  readonly seconds: number
}

/** Something that grows: each of its points is measured on a fresh process. */
export interface Dimension {
  readonly title: string
  readonly points: readonly number[]
  /** The environments that the proxy has at a point; by default three. */
  environments?(point: number): number
  measure(point: number, ground: Ground): Promise<Need>
}
