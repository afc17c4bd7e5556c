import type { SignalSource } from './cancellation.ts'
import type { Environment } from './output.ts'

/** What the command line takes from the process, so that a test can supply its own. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly environment: Environment
  readonly workingDirectory: string
  readonly processId: number
  readonly clock: () => Date
  /** A new id that no other run has. */
  readonly newId: () => string
  readonly signals: SignalSource
  /** Leaves the process at once. */
  readonly exit: (code: number) => void
}
