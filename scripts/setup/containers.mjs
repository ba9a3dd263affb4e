// What builds and runs the image without Docker: Debian's podman (which builds by buildah) and debootstrap. Plain JavaScript for Node 20, no dependencies.
import { ensureFromDebian, isProgram, onPath } from './programs.mjs'

const packages = ['podman', 'runc', 'debootstrap']
const isInstalled = (name) => onPath(name) !== null || isProgram(`/usr/sbin/${name}`)
const advice = `The image is not built in the tests: as root, with ${packages.join(', ')} of Debian.`

/** Why the image cannot be built and run here; null if it can. */
export function whyNoContainers() {
  return process.getuid?.() === 0 && packages.every(isInstalled) ? null : advice
}

export function ensureContainers(say) {
  ensureFromDebian(
    {
      isThere: () => packages.every(isInstalled),
      isNamed: false,
      packages,
      doing: 'installing podman, runc and debootstrap for the test of the image',
      advice,
    },
    say,
  )
}
