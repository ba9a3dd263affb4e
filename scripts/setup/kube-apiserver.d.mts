/** The path of etcd: $ETCD, otherwise the first on the PATH; null if there is none. */
export function findEtcd(): string | null
/** The path of kube-apiserver: $KUBE_APISERVER (unless that is `build`), otherwise the one that was built; null if there is none. */
export function findKubeApiserver(): string | null
/**
 * With KUBE_APISERVER=build: builds kube-apiserver from Go's module proxy if it is missing; wherever there is one, installs etcd from
 * Debian if that is missing. Otherwise throws what to do, in one line.
 */
export function ensureKubeApiserver(say: (line: string) => void): void
