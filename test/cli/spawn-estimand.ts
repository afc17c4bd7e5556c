import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'

/*
 * The command as people run it: a process of its own, in a copy of a small project.
 */

const repository = fileURLToPath(new URL('../../', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Started {
  readonly process: ChildProcess
  /** Resolves when stdout or stderr has said something that matches. */
  readonly said: (pattern: RegExp) => Promise<void>
  readonly ended: Promise<Ended>
}

/** Starts the command in a folder; the environment is the test's own plus what is given. */
export function startEstimand(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Started {
  const env = { ...cleanEnvironment(), ...environment }
  return watchProcess(
    spawn(process.execPath, [join(repository, 'bin', 'estimand.js'), ...args], { cwd: folder, env }),
  )
}

/** Keeps what a process says, and tells when it ends. */
export function watchProcess(child: ChildProcess): Started {
  const written = { out: '', err: '' }
  const listeners = new Set<() => void>()
  const keep = (side: 'out' | 'err') => (chunk: Buffer) => {
    written[side] += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout!.on('data', keep('out'))
  child.stderr!.on('data', keep('err'))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...written }))
  })
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(written.out + written.err)) return
        listeners.delete(look)
        resolve()
      }
      listeners.add(look)
      look()
      void ended.then(() =>
        reject(new Error(`ended without saying ${pattern}:\n${written.out}${written.err}`)),
      )
    })
  return { process: child, said, ended }
}

/** Runs the command to its end. */
export function runEstimand(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return startEstimand(folder, args, environment).ended
}

/** A copy of a project under test/projects for the tests of a file, and the package built if it is stale. */
export function useProjectCopy(name: string): () => string {
  let folder = ''
  beforeAll(() => {
    buildIfStale()
    folder = mkdtempSync(join(tmpdir(), 'estimand-cli-'))
    cpSync(join(repository, 'test', 'projects', name), folder, { recursive: true })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return () => folder
}

/** Builds the package if it is older than its sources. */
export function buildIfStale(): void {
  // Code with a type error is written all the same; finding those is the type check's work.
  const build = spawnSync(process.execPath, [join(repository, 'scripts', 'build.mjs'), '--if-stale'])
  if (!existsSync(join(repository, 'dist', 'cli', 'main.js'))) {
    throw new Error(`the package does not build:\n${build.stdout}${build.stderr}`)
  }
}

/** The test's environment without what would change the command: variables of flags, colours, databases. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const isOurs = (name: string): boolean =>
    /^(ESTIMAND_|DBT_|PG|DATABASE_URL|FORCE_COLOR|NO_COLOR)/.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)))
}
