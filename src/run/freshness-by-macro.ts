import type { Renderer, RenderScope } from '../compile/renderer.ts'
import type { SourceNode } from '../core/node.ts'
import type { Warehouse } from '../warehouse/index.ts'
import { askAnywhere } from './ask.ts'

/** Times as a macro found them, in ISO form; null where there is none. */
export interface FoundFreshness {
  readonly maxLoadedAt: string | null
  readonly snapshottedAt: string
}

/** Asks for freshness by the project's own macro collect_freshness; undefined where it has none. */
export function freshnessByMacro(
  renderer: Pick<Renderer, 'isOwnMacro' | 'compileInline' | 'target'>,
  warehouse: Warehouse,
  scope: RenderScope,
): ((source: SourceNode) => Promise<FoundFreshness>) | undefined {
  if (!renderer.isOwnMacro('collect_freshness')) return undefined
  return async ({ id, relation, loadedAtField, freshness }) => {
    const text = (value: string | undefined) => (value === undefined ? 'none' : JSON.stringify(value))
    const place = `database=${text(renderer.target.database)}, schema=${text(relation.schema)}, identifier=${text(relation.identifier)}`
    const call = `collect_freshness(api.Relation.create(${place}), ${text(loadedAtField)}, ${text(freshness?.filter)})`
    const rendered = await renderer.compileInline(
      `{% set found = ${call} %}{% set row = (found.table or found).rows[0] %}{{ row[0] }}|{{ row[1] }}`,
      { ...scope, ask: askAnywhere(warehouse) },
      id,
    )
    const [newest = '', now = ''] = rendered.text.trim().split('|')
    return { maxLoadedAt: newest === 'None' ? null : isoTime(newest), snapshottedAt: isoTime(now) }
  }
}

/** A time without zone is UTC, as sessions are. */
function isoTime(printed: string): string {
  const text = printed.replace(' ', 'T')
  return new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`).toISOString()
}
