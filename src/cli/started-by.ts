import { hostname, userInfo } from 'node:os'
import type { StartedBy } from '../store/index.ts'

/** Where and by whom this command was called, for those who wait for it. */
export function startedBy(): StartedBy {
  return { host: hostname(), user: userName(), processId: process.pid }
}

/** In a container the user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}`
  }
}
