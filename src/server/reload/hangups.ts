/** SIGHUP, from the start of the process on: it would end it. */
export class Hangups {
  #isMissed = false
  #hear = () => {
    this.#isMissed = true
  }

  constructor() {
    process.on('SIGHUP', () => this.#hear())
  }

  /** From now on `reload` is called; once for those that came before. */
  hear(reload: () => void): void {
    this.#hear = reload
    if (this.#isMissed) reload()
  }
}
