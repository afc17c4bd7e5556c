import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CacheIndex, KeptIndex, Pieces } from '../../compile/cache/cache-index.ts'
import type { CachedProject } from '../../compile/cache/cached-nodes.ts'
import { fromKeptText, keptText } from '../../compile/cache/kept-text.ts'
import type { CompiledProject } from '../../compile/cache/make-cache-index.ts'
import type { CompileOptions } from '../../compile/compile.ts'
import type { Project } from '../../core/project.ts'
import type { KnownFile } from '../../project/known-files.ts'
import type { CommandContext } from '../command-context.ts'
import type { OpenTarget } from '../open-target.ts'
import { packageVersion } from '../version.ts'
import { readCacheFile, writeCacheFile } from './cache-file.ts'
import { type KnownVariable, knownVariables, metadataVariables, sameVariables } from './environment-reads.ts'

/*
 * The compiled project as commands keep it for each other in the target folder. It holds nothing of the profile and of
 * the environment but hashes, and what is in the manifest anyway.
 */

/** What the file holds. */
interface Kept {
  /** Of everything but files and the environment that the compiled project depends on. */
  readonly key: string
  readonly salt: string
  readonly variables: readonly KnownVariable[]
  readonly metadata: readonly KnownVariable[]
  readonly files: readonly KnownFile[]
  readonly index: KeptIndex
}

export interface KeptCompilation extends CachedProject {
  /** The same for the same content. */
  readonly id: string
  readonly files: readonly KnownFile[]
}

/** What a project is compiled with. */
export interface CompilationInputs {
  readonly opened: OpenTarget
  readonly vars: Readonly<Record<string, unknown>>
  readonly how: Pick<CompileOptions, 'checksSql' | 'checksVersion'>
}

/** Reads what an earlier command has kept; null when there is nothing that fits. */
export function readKept(
  { environment, log }: Pick<CommandContext, 'environment' | 'log'>,
  inputs: CompilationInputs,
): KeptCompilation | null {
  const path = keptPath(inputs.opened)
  const file = readCacheFile(path)
  if (file === null) return null
  if (file === 'broken') {
    log.write('debug', `${path} is not what was written, and is made anew`)
    return null
  }
  const { key, salt, variables, metadata, files, index } = file.index as Kept
  const reason =
    key !== keyOf(inputs)
      ? 'the version, the target or the vars are others'
      : !sameVariables(environment, variables, salt) ||
          JSON.stringify(metadataVariables(environment, salt)) !== JSON.stringify(metadata)
        ? 'the environment is another'
        : null
  if (reason === null) return { id: file.id, files, index: opened(index, file.pieces), pieces: file.pieces }
  log.write('debug', `the project is compiled anew: ${reason}`)
  return null
}

/** What is known when a project has been compiled. */
export interface CompilationToKeep extends Omit<CompiledProject, 'modules' | 'now'> {
  /** When reading the project began. */
  readonly since: Date
  /** Environment variables that were looked at. */
  readonly names: Iterable<string>
}

/** Keeps a compiled project for the commands that follow; gives its id, or null where that is not possible. */
export async function writeKept(
  context: CommandContext,
  inputs: CompilationInputs,
  compiled: CompilationToKeep,
): Promise<string | null> {
  const [{ takeInventory }, { recordFiles }, { moduleFiles }, { makeCacheIndex }] = await Promise.all([
    import('../../project/inventory.ts'),
    import('../../project/known-files.ts'),
    import('../../project/module-checksum.ts'),
    import('../../compile/cache/make-cache-index.ts'),
  ])
  const { project, since } = compiled
  const modules = modulesOf(project).flatMap((module) => moduleFiles(project.root, module))
  const inventory = takeInventory(project.root, { packages: project.packages, modules })
  const files = inventory && recordFiles(project, inventory, since)
  if (!files) return null
  const path = keptPath(inputs.opened)
  const salt = context.newId()
  const { environment } = context
  mkdirSync(dirname(path), { recursive: true })
  return writeCacheFile(path, context.newId(), (keep): Kept | null => {
    const index = makeCacheIndex({ ...compiled, modules, now: since }, keep)
    if (index === null) return null
    const variables = knownVariables(environment, compiled.names, salt)
    const metadata = metadataVariables(environment, salt)
    return { key: keyOf(inputs), salt, variables, metadata, files, index }
  })
}

function opened(index: KeptIndex, pieces: Pieces): CacheIndex {
  return { ...index, packages: fromKeptText(pieces.read(index.packages)) as CacheIndex['packages'] }
}

function keptPath({ targetPath }: OpenTarget): string {
  return join(targetPath, 'partial_parse.bin')
}

function modulesOf({ loads }: Project): string[] {
  return loads.flatMap(({ spec }) => (spec.kind === 'generator' ? [spec.module] : []))
}

function keyOf({ opened: { root, target }, vars, how }: CompilationInputs): string {
  // Whether anybody has looked at the SQL is told by what is kept.
  const { checksSql: _, ...rest } = how
  return hash('sha1', keptText([packageVersion(), buildStamps(), root, target, vars, rest]))
}

/** Tells builds of one version apart, for those who work on this package: its code may stand as it was written. */
function buildStamps(): readonly (string | null)[] {
  const home = fileURLToPath(new URL('../../', import.meta.url))
  const paths = import.meta.url.endsWith('.ts')
    ? readdirSync(home, { recursive: true, encoding: 'utf8' })
    : ['.tsbuildinfo', 'bundle/main.js']
  return paths.map((path) => {
    const info = statSync(join(home, path), { throwIfNoEntry: false })
    return info ? `${info.mtimeMs} ${info.size}` : null
  })
}
