/*
 * Ctrl-C asks once and then insists: the first press aborts the work in hand, which cancels its statements and
 * rolls back; the second leaves the process at once. A SIGTERM is a press.
 */

export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}

export interface Cancellation {
  readonly signal: AbortSignal
  /** Stops listening. */
  readonly release: () => void
}

/** Exit code of a process that Ctrl-C ended, as shells expect it. */
export const interruptedExitCode = 130

/** Listens for Ctrl-C and SIGTERM until released. */
export function watchForCancel(
  source: SignalSource,
  effects: {
    readonly say: (message: string) => void
    readonly exit: (code: number) => void
    /** What the first press begins. */
    readonly begins?: string
  },
): Cancellation {
  const controller = new AbortController()
  const press = (): void => {
    if (controller.signal.aborted) {
      effects.exit(interruptedExitCode)
      return
    }
    effects.say(`${effects.begins ?? 'cancelling'}; press again to leave at once`)
    controller.abort()
  }
  source.on('SIGINT', press)
  source.on('SIGTERM', press)
  return {
    signal: controller.signal,
    release: () => {
      source.off('SIGINT', press)
      source.off('SIGTERM', press)
    },
  }
}
