import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Writable } from 'node:stream'
import { formatProblem, ProblemError } from '../core/problem.ts'
import { stepCommand } from '../schedule/step-command.ts'
import type { StepOutcome } from '../schedule/worker.ts'
import type { ClaimedStep } from '../store/dags/index.ts'
import type { CommandContext } from './command-context.ts'
import type { OpenTarget } from './open-target.ts'
import type { Environment } from './output.ts'
import { makeScrub } from './scrub.ts'

/*
 * Carrying a step of a DAG out. A command of our own runs within this process: what it needs is loaded already, and
 * what it says is kept as the log of the step. A program runs in one of its own. What either says goes to the store, to
 * people and to those who watch from outside: without the secrets that are known to be such.
 */

export interface StepPlace {
  readonly root: string
  /** The project's target folder: each step has a folder below it, so that what was compiled is kept for the next run. */
  readonly targetPath: string
  readonly environment: Environment
  readonly clock: () => Date
  readonly newId: () => string
  readonly runWithin: CommandContext['runWithin']
  /** What every command line begins with: flags that the worker itself was given. */
  readonly flags: readonly string[]
}

/** Makes what carries steps out. */
export function makeExecuteStep(
  place: StepPlace,
): (step: ClaimedStep, signal: AbortSignal) => Promise<StepOutcome> {
  const scrub = makeScrub(place.environment)
  return async (claimed, signal) => {
    const log = makeLog()
    try {
      const command = stepCommand(claimed, place.environment)
      const code =
        command.kind === 'program'
          ? await runProgram(command.argv, command.env, place, log, signal)
          : await runOwn(command, claimed, place, log, signal)
      return outcomeOf(code, scrub(log.text()))
    } catch (error) {
      const words = scrub(
        error instanceof ProblemError ? error.problems.map(formatProblem).join('\n') : String(error),
      )
      return {
        status: 'failed',
        exitCode: null,
        message: words.split('\n')[0]!,
        log: `${scrub(log.text())}${words}\n`,
      }
    }
  }
}

async function runOwn(
  { args, goesOn }: { readonly args: readonly string[]; readonly goesOn: boolean },
  claimed: ClaimedStep,
  place: StepPlace,
  log: Log,
  signal: AbortSignal,
): Promise<number> {
  const { dag, step, dagRunId, previousRunId } = claimed
  const ids = [claimed.runId]
  try {
    return await runBeside(place, dag.name, step, args, log, signal, {
      newId: () => ids.shift() ?? place.newId(),
      ...(goesOn && { goingOn: { retryOf: previousRunId, keepsAsBuilt: true } }),
    })
  } finally {
    keepArtifacts(
      stepFolder(place, dag.name, step),
      artifactFolder(place.targetPath, dagRunId, step, claimed.try),
      claimed.runId,
    )
  }
}

/** Runs a command line that prepares a step; whatever is wrong the step itself will tell. */
export async function prepareStep(
  place: StepPlace,
  dag: string,
  step: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await runBeside(place, dag, step, [...args, '--quiet'], makeLog(), signal, {}).catch(() => {})
}

/** A command line of ours, in the folder of a step. */
async function runBeside(
  place: StepPlace,
  dag: string,
  step: string,
  args: readonly string[],
  log: Log,
  signal: AbortSignal,
  changes: Parameters<StepPlace['runWithin']>[1],
): Promise<number> {
  const folder = stepFolder(place, dag, step)
  const signals = new EventEmitter()
  const stop = () => signals.emit('SIGTERM')
  const places = ['--target-path', folder, '--log-path', join(folder, 'logs')]
  signal.addEventListener('abort', stop, { once: true })
  try {
    const running = place.runWithin([...place.flags, ...args, '--no-color', ...places], {
      ...{ stdout: log.stream(), stderr: log.stream(), signals },
      workingDirectory: place.root,
      exit: () => {},
      ...changes,
    })
    if (signal.aborted) stop()
    return await running
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function stepFolder({ targetPath }: StepPlace, dag: string, step: string): string {
  return join(targetPath, 'dags', dag, step)
}

/** Where the artifacts of a try are kept. */
export function artifactFolder(targetPath: string, dagRunId: string, step: string, of: number): string {
  return join(targetPath, 'dag-runs', dagRunId, `${step}.${of}`)
}

/**
 * The step's own folder is written to again by its next run; whatever cannot be kept is no failure of the step. A try
 * that ended before it had results finds those of the run before there, which are not its own.
 */
function keepArtifacts(from: string, to: string, runId: string): void {
  try {
    mkdirSync(to, { recursive: true })
    for (const name of ['run_results.json', 'sources.json'])
      if (existsSync(join(from, name)) && beginningOf(join(from, name)).includes(`"${runId}"`))
        cpSync(join(from, name), join(to, name))
    if (existsSync(join(from, 'manifest.json')))
      cpSync(join(from, 'manifest.json'), join(to, 'manifest.json'))
  } catch {}
}

/** An artifact begins with its metadata, of which the first say whose it is. */
function beginningOf(path: string): string {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(1024)
    return bytes.toString('utf8', 0, readSync(file, bytes))
  } finally {
    closeSync(file)
  }
}

/** So long a program has to end itself, before it is ended. */
const patienceMs = 10_000

function runProgram(
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  { root, environment }: StepPlace,
  log: Log,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    // A group of its own: what a shell has begun ends with it.
    const child = spawn(program!, args, {
      cwd: root,
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const kill = (name: NodeJS.Signals): void => {
      try {
        process.kill(-child.pid!, name)
      } catch {}
    }
    let timer: NodeJS.Timeout | undefined
    const stop = (): void => {
      kill('SIGTERM')
      timer = setTimeout(() => kill('SIGKILL'), patienceMs)
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    child.stdout.on('data', (chunk: Buffer) => log.write(chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => log.write(chunk.toString()))
    child.on('error', reject)
    child.on('close', (code, name) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      if (code === null) log.write(`ended by ${name}\n`)
      resolve(code ?? 1)
    })
  })
}

interface Log {
  readonly write: (text: string) => void
  readonly stream: () => NodeJS.WriteStream
  readonly text: () => string
}

const mostCharacters = 200_000

/** Keeps the end of what is written. */
function makeLog(): Log {
  let parts: string[] = []
  let length = 0
  let isCut = false
  const write = (text: string): void => {
    parts.push(text)
    length += text.length
    if (length <= 2 * mostCharacters) return
    parts = [parts.join('').slice(-mostCharacters)]
    length = mostCharacters
    isCut = true
  }
  return {
    write,
    stream: () =>
      new Writable({
        decodeStrings: false,
        write(chunk, _encoding, done) {
          write(String(chunk))
          done()
        },
      }) as unknown as NodeJS.WriteStream,
    text: () => `${isCut ? '…' : ''}${parts.join('').slice(-mostCharacters)}`.replaceAll('\0', ''),
  }
}

function outcomeOf(code: number, log: string): StepOutcome {
  if (code === 0) return { status: 'success', exitCode: 0, message: '', log }
  return { status: 'failed', exitCode: code, message: reasonIn(log) ?? `exit code ${code}`, log }
}

/** The first problem that was told; its code stands in brackets behind it. */
function reasonIn(log: string): string | null {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => / {3}\[[a-z-]+\]$/.test(line))?.trim() ?? lines.at(-1)?.trim() ?? null
}

/** Where steps are carried out, and with what the worker itself was given: programs have it from the environment. */
export function stepPlace(context: CommandContext, { root, targetPath }: OpenTarget): StepPlace {
  const { flags, clock, newId, runWithin, environment, workingDirectory } = context
  const { target, profile } = flags
  const profilesDir = flags.profilesDir && resolve(workingDirectory, flags.profilesDir)
  const given = Object.entries({ target, profile, 'profiles-dir': profilesDir }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const variables = given.map(([flag, value]) => [
    `ESTIMAND_${flag.replaceAll('-', '_').toUpperCase()}`,
    value,
  ])
  return {
    ...{ root, targetPath, clock, newId, runWithin },
    environment: { ...environment, ...Object.fromEntries(variables) },
    flags: given.flatMap(([flag, value]) => [`--${flag}`, value]),
  }
}
