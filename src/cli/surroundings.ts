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
  /** How runs of nodes go on where others were cut off; for steps of DAGs. */
  readonly goingOn?: GoingOn
  /** Leaves the process at once. */
  readonly exit: (code: number) => void
}

/** How a run of nodes goes on where another was cut off, and lets others go on with itself. */
export interface GoingOn {
  /** The run that was killed, or failed, whose builds are taken as far as nothing has changed. */
  readonly retryOf: string | null
  /** Whether each build is kept as soon as it stands. */
  readonly keepsAsBuilt: boolean
}
