import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pLimit from 'p-limit'
import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import type { RunResult } from '../../core/run-result.ts'
import type { ArtifactOptions } from './artifact-metadata.ts'
import { compiledPath, hasSql } from './compiled-path.ts'
import { manifestSections } from './manifest-artifact.ts'
import { runResultsArtifact } from './run-results-artifact.ts'
import { writeJson } from './write-json.ts'

/*
 * What a command leaves in the target folder, as dbt's tools look for it:
 *
 *   manifest.json       the project
 *   run_results.json    the run, if there was one
 *   compiled/           the SQL of each compiled model and test, reading from what is published
 *   run/                the SQL as the run sent it, reading from the run's own builds
 */

export interface Artifacts extends ArtifactOptions {
  readonly manifest: Manifest
  readonly run?: RunResult
  /** The SQL of models and tests as it reads from what is published; without it, that of the run is taken. */
  readonly compiledCode?: ReadonlyMap<NodeId, string>
  readonly args?: Readonly<Record<string, unknown>>
}

/** Files written at once; more make nothing faster. */
const filesAtOnce = 16

/** Writes the artifacts of a command to the target folder. */
export async function writeArtifacts(targetFolder: string, artifacts: Artifacts): Promise<void> {
  const { manifest, run, ...options } = artifacts
  const sqlOfRun = new Map(
    run?.results.flatMap(({ nodeId, compiledCode }) =>
      compiledCode === undefined ? [] : [[nodeId, compiledCode] as const],
    ),
  )
  const compiledCode = options.compiledCode ?? sqlOfRun
  await mkdir(targetFolder, { recursive: true })
  await writeSqlFiles(join(targetFolder, 'compiled'), manifest, compiledCode)
  await writeSqlFiles(join(targetFolder, 'run'), manifest, sqlOfRun)
  const write = (name: string, document: object) => writeJson(join(targetFolder, name), document, options)
  await write('manifest.json', manifestSections(manifest, { ...options, compiledCode }))
  if (run) await write('run_results.json', runResultsArtifact(run, manifest, options))
}

async function writeSqlFiles(
  folder: string,
  { nodes }: Manifest,
  sql: ReadonlyMap<NodeId, string>,
): Promise<void> {
  const files = [...sql].flatMap(([id, text]) => {
    const node = nodes[id]
    return node && hasSql(node) ? [{ path: join(folder, compiledPath(node)), text }] : []
  })
  for (const parent of new Set(files.map(({ path }) => dirname(path))))
    await mkdir(parent, { recursive: true })
  const limit = pLimit(filesAtOnce)
  await limit.map(files, ({ path, text }) => writeFile(path, text.endsWith('\n') ? text : `${text}\n`))
}
