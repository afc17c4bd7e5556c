import type { NodeId } from '../../core/node.ts'
import type { ChangedFile } from './cache-index.ts'
import type { CachedProject } from './cached-nodes.ts'
import { saidBefore } from './kept-yaml.ts'
import { Unpatchable } from './unpatchable.ts'
import type { Updated, UpdateRequest } from './updated.ts'

/*
 * From a kept project to what it is now. Where nothing has changed nothing is loaded that compiles.
 */

/** Brings a kept project up to date; throws Unpatchable where everything has to be compiled. */
export async function updateProject(request: UpdateRequest): Promise<Updated> {
  const { cached, options } = request
  const { sql, until } = cached.index
  const checksSql = options.checksSql !== false
  if (checksSql && !sql) throw new Unpatchable('nobody has looked at the SQL')
  if (!checksSql && sql && sql.heirs.length > 0)
    throw new Unpatchable('what is inherited takes a look at the SQL')
  if (until !== null && options.clock() >= new Date(until))
    throw new Unpatchable('a model has come to its deprecation date')
  const todo = withTimed(request)
  const mayDiffer = checksSql && sql ? sql.unsteady.length > 0 : false
  if (todo.files.length + todo.yaml.length === 0 && !mayDiffer) return unchanged(cached, checksSql)
  const { patchProject } = await import('./patch.ts')
  return patchProject(todo)
}

function unchanged({ index }: CachedProject, checksSql: boolean): Updated {
  const { ids, drafting, sql } = index
  const found = checksSql && sql ? [sql.rendering, sql.syntax, sql.columns] : []
  const warnings = found.flatMap((list) => list.flatMap(([, problems]) => problems))
  const none = new Set<NodeId>()
  return {
    ids,
    changed: new Map(),
    outputs: new Map(),
    affected: none,
    relinked: none,
    warnings: [...drafting, ...warnings],
  }
}

/** What asks for the time has to be drafted again as if it had changed. */
function withTimed(request: UpdateRequest): UpdateRequest {
  const { cached, readText, files, yaml } = request
  const { timed, files: entries } = cached.index
  const known = new Set([...files, ...yaml].map(({ path }) => path))
  const more = new Set(timed.filter((path) => !known.has(path)))
  if (more.size === 0) return request
  const again = entries.filter(({ path }) => more.delete(path))
  return {
    ...request,
    files: [...files, ...again.map((entry): ChangedFile => ({ ...entry, text: readText(entry.path) ?? '' }))],
    yaml: [...yaml, ...[...more].map((path) => ({ path, said: saidBefore(cached, path) }))],
  }
}
