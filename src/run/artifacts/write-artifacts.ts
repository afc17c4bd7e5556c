import { rmSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import type { RunResult } from '../../core/run-result.ts'
import { makeFolder } from '../make-folder.ts'
import type { ArtifactOptions } from './artifact-metadata.ts'
import type { NodeFindings } from './artifact-scope.ts'
import { compiledPath, hasSql } from './compiled-path.ts'
import { type ManifestArtifactOptions, manifestSections } from './manifest-artifact.ts'
import { runResultsArtifact } from './run-results-artifact.ts'
import type { TextFile } from './text-file-share.ts'
import { beginTextFiles } from './text-files.ts'
import { writeJson } from './write-json.ts'

/*
 * What a command leaves in the target folder, as dbt's tools look for it:
 *
 *   manifest.json       the project
 *   run_results.json    the run, if there was one
 *   compiled/           the SQL of each compiled model and test, reading from what is published
 *   run/                the statements as the run sent them: what makes the build of a model, what asks for the
 *                       failures of a test
 */

export interface Artifacts extends ArtifactOptions {
  readonly manifest: Manifest
  readonly run?: RunResult
  /** The SQL of models and tests as it reads from what is published; without it, that of the run is taken. */
  readonly compiledCode?: ReadonlyMap<NodeId, string>
  /** The statements that the run sent. */
  readonly executedCode?: ReadonlyMap<NodeId, string>
  /** What the columns of nodes are made from, as far as that was looked at. */
  readonly lineage?: NodeFindings['lineage']
  readonly args?: Readonly<Record<string, unknown>>
  readonly compiledFiles?: CompiledFiles
  /**
   * Writes manifest.json, where somebody knows how to do that in less time; awaits `named` before the file gets its
   * name: who finds it finds the files that it names.
   */
  readonly writeManifest?: (
    options: ManifestArtifactOptions,
    compiled: Iterable<NodeId>,
    named: () => Promise<void>,
  ) => Promise<void>
}

/** What somebody knows, and wants to know, of the files below compiled/. */
export interface CompiledFiles {
  /** Whether the file holds the SQL of the node already. */
  readonly holds: (id: NodeId, path: string) => boolean
  /** Told of each file that holds the SQL of a node now. */
  readonly written: (id: NodeId, path: string) => void
}

/** Writes the artifacts of a command to the target folder. */
export async function writeArtifacts(targetFolder: string, artifacts: Artifacts): Promise<void> {
  const { manifest, run, executedCode, writeManifest, compiledFiles, ...options } = artifacts
  const sqlOfRun = new Map(
    run?.results.flatMap(({ nodeId, compiledCode }) =>
      compiledCode === undefined ? [] : [[nodeId, compiledCode] as const],
    ),
  )
  const compiledCode = options.compiledCode ?? sqlOfRun
  makeFolder(targetFolder)
  const compiled = sqlFiles(join(targetFolder, 'compiled'), manifest, compiledCode)
  const named = beginTextFiles([
    ...compiled.filter(({ id, path }) => !compiledFiles?.holds(id, path)),
    ...(executedCode ? sqlFiles(join(targetFolder, 'run'), manifest, executedCode) : []),
  ])
  const write = (name: string, document: object) => writeJson(join(targetFolder, name), document, options)
  if (writeManifest) await writeManifest({ ...options, compiledCode }, compiledCode.keys(), named)
  else {
    await named()
    await write('manifest.json', manifestSections(manifest, { ...options, compiledCode }))
  }
  if (run) await write('run_results.json', runResultsArtifact(run, manifest, options))
  if (compiledFiles) for (const { id, path } of compiled) compiledFiles.written(id, path)
}

/** Writes files of compiled SQL, below folders that may not be there. */
export async function writeSqlFiles(files: readonly TextFile[]): Promise<void> {
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) makeFileFolder(folder)
  await beginTextFiles(files)()
}

interface SqlFile extends TextFile {
  readonly id: NodeId
}

/** The files of compiled SQL, whose folders are made here. Of two nodes at one path the last is written. */
function sqlFiles(folder: string, { nodes }: Manifest, sql: ReadonlyMap<NodeId, string>): SqlFile[] {
  const parents = new Map<string, string>()
  const parentAt = (below: string): string => {
    const known = parents.get(below)
    if (known !== undefined) return known
    const parent = join(folder, below)
    makeFileFolder(parent)
    parents.set(below, parent)
    return parent
  }
  const files = new Map<string, SqlFile>()
  for (const [id, text] of sql) {
    const node = nodes[id]
    // What comes to nothing has no file.
    if (!node || !hasSql(node) || text === '') continue
    const below = compiledPath(node)
    const end = below.lastIndexOf('/')
    const path = `${parentAt(below.slice(0, end))}${sep}${below.slice(end + 1)}`
    // To the letter, as dbt does, so that folders of both can be compared.
    files.set(path, { id, path, text })
  }
  return [...files.values()]
}

/** Makes the folder of a file of compiled SQL. It may have the name that a file had when one snapshot was all that a file could hold. */
function makeFileFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isFile()) rmSync(folder)
  makeFolder(folder)
}
