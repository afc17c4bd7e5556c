import type { CacheIndex, ChangedFile, FileRole } from '../../compile/cache/cache-index.ts'
import { Unkeepable } from '../../compile/cache/kept-text.ts'
import type { ReadText, YamlFile } from '../../compile/cache/kept-yaml.ts'
import { Unpatchable } from '../../compile/cache/unpatchable.ts'
import type { Updated } from '../../compile/cache/updated.ts'
import type { CompileOptions } from '../../compile/compile.ts'
import type { Problem } from '../../core/problem.ts'
import type { CommandContext } from '../command-context.ts'
import type { KeptCompilation } from './kept-compilation.ts'

/*
 * From what an earlier command has kept to the project as it is now.
 */

/** More files than this are read by compiling everything, which then is kept. */
const filesAtMost = 50

/** Brings what is kept up to date; null where everything has to be compiled, which the log explains. */
export async function reopenKept(
  { log }: Pick<CommandContext, 'log'>,
  kept: KeptCompilation,
  options: CompileOptions,
): Promise<Updated | null> {
  try {
    const readText = await makeReader(kept.index.root)
    const { files, yaml } = await findChanges(kept, readText)
    const { updateProject } = await import('../../compile/cache/update.ts')
    return await updateProject({ cached: kept, readText, files, yaml, options })
  } catch (error) {
    if (!(error instanceof Unpatchable || error instanceof Unkeepable)) throw error
    log.write('debug', `the project is compiled anew: ${error.message}`)
    return null
  }
}

/** Reads a file of the project as readProject does. */
export async function makeReader(root: string): Promise<ReadText> {
  const { readText } = await import('../../project/project-files.ts')
  return (path) => {
    const problems: Problem[] = []
    return readText(root, path, problems)?.text
  }
}

async function findChanges(kept: KeptCompilation, readText: ReadText) {
  const { root, packages, modules } = kept.index
  const [{ takeInventory }, { changesSince }] = await Promise.all([
    import('../../project/inventory.ts'),
    import('../../project/known-files.ts'),
  ])
  const inventory = takeInventory(root, { packages, modules })
  if (!inventory) throw new Unpatchable('a folder cannot be read')
  const { changed, added, removed } = changesSince(root, kept.files, inventory)
  if (added[0] !== undefined) throw new Unpatchable(`${added[0]} is new`)
  if (removed[0] !== undefined) throw new Unpatchable(`${removed[0]} is gone`)
  if (changed.length > filesAtMost) throw new Unpatchable(`${changed.length} files have changed`)
  const files: ChangedFile[] = []
  const yaml: YamlFile[] = []
  for (const path of changed) {
    if (/\.ya?ml$/.test(path)) yaml.push(await readYaml(kept.index, path))
    else files.push(readFile(kept.index, path, readText))
  }
  return { files, yaml }
}

const rolesOfNodes: readonly FileRole[] = ['models', 'tests', 'snapshots', 'analyses']

function readFile(index: CacheIndex, path: string, readText: ReadText): ChangedFile {
  const [entry, ...others] = index.files.filter((file) => file.path === path)
  const text = readText(path)
  if (!entry || others.length > 0 || !rolesOfNodes.includes(entry.role))
    throw new Unpatchable(`${path} may mean something for any node`)
  if (text === undefined || text.trim() === '') throw new Unpatchable(`${path} is empty`)
  return { ...entry, text }
}

async function readYaml(
  { root, configPath, packages, properties }: CacheIndex,
  path: string,
): Promise<YamlFile> {
  const known = properties.find(([one]) => one === path)
  const { analytics, pipelines } = packages[0]!.config.paths
  const isBesideNodes = ![...analytics, ...pipelines].some((folder) => path.startsWith(`${folder}/`))
  if (!known || !isBesideNodes) throw new Unpatchable(`${path} may mean something for any node`)
  const [, origin] = known
  const { rereadProperties } = await import('../../project/reread-properties.ts')
  const file = { path, ...origin, isOwn: origin.package === packages[0]!.name }
  const said = rereadProperties(root, file, configPath === 'dbt_project.yml' ? 'warning' : 'error')
  if (!said) throw new Unpatchable(`there is something to tell of ${path}`)
  return { path, said }
}
