import { existsSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ResourceType, relationOf } from '../core/node.ts'
import { askAnywhere } from '../run/ask.ts'
import { catalogByMacro } from '../run/macro-calls.ts'
import { makeFolder } from '../run/make-folder.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { compileSelected } from './compile-nodes.ts'
import { formatCounted } from './display/numbers.ts'
import type { SelectionFlags } from './flags.ts'
import { artifactOptions } from './previous-state.ts'
import { saveArtifacts } from './save-artifacts.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { openWorkspace, publishedScope, shownPath, type Workspace, withOpenWarehouse } from './workspace.ts'

export interface GenerateFlags extends SelectionFlags {
  /** False with --no-compile. */
  readonly compile?: boolean
  readonly emptyCatalog?: boolean
}

const catalogued: readonly ResourceType[] = ['source', 'seed', 'model', 'snapshot', 'job', 'job_table']

/** Writes manifest.json, compiled SQL and catalog.json. */
export async function generateDocs(context: CommandContext, flags: GenerateFlags): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const { manifest, targetPath } = workspace
  const { catalogArtifact, catalogOfColumns, readCatalog, writeJson } = await import(
    '../run/artifacts/index.ts'
  )
  const options = artifactOptions(context, workspace)
  const { invocationId } = options
  if (flags.compile === false) await saveArtifacts(context, workspace, { invocationId })
  else await compileSelected(context, flags, workspace)
  const selection = await selectNodes(context, workspace, flags, catalogued)
  reportSelection(selection, context)
  const rows = flags.emptyCatalog
    ? []
    : await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
        context.narrator.phase('Reading the catalogue of the warehouse')
        const renderer = await workspace.openRenderer()
        const scope = { ...publishedScope(context, false), ask: askAnywhere(warehouse) }
        const byMacro = catalogByMacro(renderer, scope)
        if (!byMacro) return readCatalog(warehouse, manifest, selection.nodeIds)
        const relations = selection.nodeIds.flatMap((id) => relationOf(manifest.nodes[id]!) ?? [])
        return catalogOfColumns(await byMacro(relations))
      })
  makeFolder(targetPath)
  await copyAssets(workspace)
  const path = join(targetPath, 'catalog.json')
  await writeJson(path, catalogArtifact(rows, manifest, options), { invocationId })
  context.narrator.done()
  context.narrator.note(`${formatCounted(rows.length, 'relation')} in ${shownPath(context, path)}`)
  return 0
}

/** Puts pictures and the like beside the documentation, as they are now. */
async function copyAssets({ root, targetPath, config }: Workspace): Promise<void> {
  for (const path of config.paths.assets) {
    const [from, to] = [join(root, path), join(targetPath, path)]
    await rm(to, { recursive: true, force: true })
    if (existsSync(from)) await cp(from, to, { recursive: true })
  }
}
