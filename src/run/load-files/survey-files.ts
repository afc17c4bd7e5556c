import type { HeldFile } from '../../core/loaded-file.ts'
import { type LoadNode, type NodeId, relationKey, relationsOf } from '../../core/node.ts'
import type { FilesToLoad } from '../decide-load.ts'
import type { PlanRequest } from '../run-request.ts'
import { chooseFiles, type FileChoice } from './choose-files.ts'
import { digestOf } from './file-digest.ts'
import type { SourceFile } from './file-source.ts'
import { type FilesLoad, isFilesLoad, sourceOf } from './source-of.ts'

/** What there is to load, for each load that adds files to those that its table holds. */
export async function surveyFiles(
  loads: readonly LoadNode[],
  held: ReadonlyMap<string, readonly HeldFile[]>,
  { renderer, projectRoot }: Pick<PlanRequest, 'renderer' | 'projectRoot'>,
): Promise<ReadonlyMap<NodeId, FilesToLoad>> {
  const surveyed = new Map<NodeId, FilesToLoad>()
  for (const node of loads.filter(isFilesLoad)) {
    const source = sourceOf(node, renderer, projectRoot)
    const holds = held.get(relationKey(relationsOf(node)[0]!))
    if (node.spec.mode === 'replace' || !source.isLasting || !holds) continue
    const { load, changed, unchanged } = await compareFiles(node, await source.list(), holds)
    const sizes = load.map(({ sizeBytes }) => sizeBytes)
    surveyed.set(node.id, {
      count: load.length,
      ...(sizes.every((size) => size !== undefined) && {
        sizeBytes: sizes.reduce((sum: number, size) => sum + size!, 0),
      }),
      refused: node.spec.onChangedFile === 'refuse' ? changed.length : 0,
      unchanged,
    })
  }
  return surveyed
}

/** Compares the files of a load with those that its table holds; those that may have changed are read. */
export function compareFiles(
  { spec }: FilesLoad,
  files: readonly SourceFile[],
  held: readonly HeldFile[],
): Promise<FileChoice> {
  return chooseFiles(files, held, spec.onChangedFile, async (file) => {
    const { checksum } = await digestOf(file, new AbortController().signal)
    return checksum
  })
}
