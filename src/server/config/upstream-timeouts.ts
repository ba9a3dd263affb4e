/** Milliseconds that the upstream gets. */
export interface UpstreamTimeouts {
  /** To take a connection. */
  readonly connect: number
  /** To begin the answer to a message. */
  readonly answer: number
  /** To begin a download. */
  readonly download: number
  /** To begin the answer to an upload that it has whole. */
  readonly upload: number
  /** To begin a served model's answer, and between two parts of it. */
  readonly model: number
  /** Between two parts of any other answer, and of an upload that it reads. */
  readonly pause: number
}

/** What the configuration says where it says nothing. */
export const upstreamTimeouts: UpstreamTimeouts = {
  connect: 3_000,
  answer: 120_000,
  download: 600_000,
  upload: 600_000,
  model: 300_000,
  pause: 60_000,
}

/** How long MLflow may take, in words. */
export function showTimeouts({ connect, answer, download, upload, model, pause }: UpstreamTimeouts): string {
  const [reach, message, begin, store, ask, quiet] = [connect, answer, download, upload, model, pause].map((time) => time / 1_000)
  return `${reach} s to reach MLflow, ${message} s for a message, ${begin} s for a download to begin, ${store} s to store an upload, ${ask} s for a model; then ${quiet} s without a byte`
}
