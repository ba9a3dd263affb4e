/** Runs `work` while holding the lock file `path`; a dead holder is detected by its missing heartbeat. */
export declare function withLock<T>(path: string, work: () => Promise<T> | T, onWait?: () => void): Promise<T>
