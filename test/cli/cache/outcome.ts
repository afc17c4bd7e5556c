import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runCommandLine } from '../../../src/cli/run-command-line.ts'
import { fakeSurroundings } from '../fake-surroundings.ts'

/*
 * Everything that somebody gets from a command, but for times and ids, so that two of them can be compared.
 */

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly manifest: unknown
  readonly results: unknown
  /** The SQL below compiled/, by path. */
  readonly sql: Readonly<Record<string, string>>
}

export interface Invocation {
  readonly folder: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The folder below the project that the command writes to. */
  readonly targetPath: string
  readonly clock?: () => Date
}

/** Runs a command and collects what it says and writes. */
export async function outcomeOf(invocation: Invocation): Promise<Outcome> {
  const { folder, args, env = {}, targetPath, clock = () => new Date() } = invocation
  const surroundings = fakeSurroundings({
    workingDirectory: folder,
    environment: { HOME: folder, ...env },
    clock,
  })
  const code = await runCommandLine([...args, '--target-path', targetPath], surroundings)
  const { out, err } = surroundings.written
  // What takes long is told, and how long it takes depends on the machine.
  const neutral = (text: string) =>
    text
      .replaceAll(targetPath, 'TARGET')
      .replaceAll(folder, 'FOLDER')
      .replace(/^Compiling the \w+\n/gm, '')
  return {
    code,
    out: neutral(out),
    err: neutral(err),
    manifest: readArtifact(invocation, 'manifest.json'),
    results: readArtifact(invocation, 'run_results.json'),
    sql: sqlBelow(join(folder, targetPath, 'compiled')),
  }
}

/** What the log says of why commands compiled everything. */
export function reasonsToCompileAnew(folder: string): string[] {
  const path = join(folder, 'logs', 'estimand.log')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return [...text.matchAll(/compiled anew: ([^"\n]*)|(is not what was written)/g)].map(
    ([, reason, other]) => reason ?? other!,
  )
}

/** Keys of artifacts that tell when something was, or which command it was. */
const timesAndIds = [
  'generated_at',
  'created_at',
  'invocation_id',
  'invocation_started_at',
  'run_started_at',
  'elapsed_time',
  'timing',
]

function readArtifact({ folder, targetPath }: Invocation, name: string): unknown {
  const path = join(folder, targetPath, name)
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'utf8').replaceAll(targetPath, 'TARGET')
  // As text, so that the order of keys counts.
  return JSON.stringify(
    JSON.parse(text, (key, value) => (timesAndIds.includes(key) ? null : value)),
    null,
    1,
  )
}

function sqlBelow(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {}
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}
