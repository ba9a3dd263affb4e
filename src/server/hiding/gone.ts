import type { Socket } from 'node:net'
import type { OnGone } from './clock.ts'

/** Who waits for the end of a connection: however many they are, they are one listener of it. */
export function onGoneOf(socket: Socket): OnGone {
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  return (listener) => {
    if (socket.destroyed) listener()
    if (listeners.size === 0) socket.once('close', tell)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) socket.removeListener('close', tell)
    }
  }
}
