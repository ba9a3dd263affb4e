/** Runs `work` while no other process holds the lock file `path`; a holder that died is noticed by its missing heartbeat. */
export declare function withLock<T>(path: string, work: () => Promise<T> | T, onWait?: () => void): Promise<T>
