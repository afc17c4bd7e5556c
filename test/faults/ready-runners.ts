import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { cleanEnvironment, type Started, watchProcess } from '../cli/spawn-estimand.ts'

/** Processes that wait for the arguments of a command; the next one gets ready while one is at work. */
export interface ReadyRunners {
  readonly start: (
    folder: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ) => Started
  readonly close: () => void
}

const script = join(import.meta.dirname, 'ready-runner.mjs')

/** Makes as many as are to be ready at any time. */
export function makeReadyRunners(count: number): ReadyRunners {
  const ready: ChildProcess[] = []
  const fill = (): void => {
    while (ready.length < count)
      ready.push(fork(script, { env: cleanEnvironment(), execArgv: [], silent: true }))
  }
  fill()
  return {
    start: (folder, args, environment) => {
      const child = ready.shift()!
      fill()
      const started = watchProcess(child)
      child.send({ folder, args, environment })
      return started
    },
    close: () => {
      for (const child of ready.splice(0)) child.kill('SIGKILL')
    },
  }
}
