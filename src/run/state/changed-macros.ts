import type { Entry } from './entry-values.ts'
import type { StateManifest } from './state-manifest.ts'

/** What two manifests say of a macro. */
interface MacroEntries {
  /** Of the project as it is, by id. */
  readonly current: Readonly<Record<string, Entry>>
  readonly previous: StateManifest['macros']
}

/** A test for entries that call a macro which is not what it was, directly or through other macros. */
export function callsChangedMacro({ current, previous }: MacroEntries): (entry: Entry) => boolean {
  const known = new Map<string, boolean>()
  const hasChanged = (id: string): boolean => {
    const found = known.get(id)
    if (found !== undefined) return found
    // Macros may call each other in a circle: one that is being looked at has not changed as far as we know.
    known.set(id, false)
    const macro = current[id]
    const changed = macro !== undefined && (isOther(id, macro, previous) || callees(macro).some(hasChanged))
    known.set(id, changed)
    return changed
  }
  return (entry) => callees(entry).some(hasChanged)
}

/** The macros of the package dbt come with the program, ours or dbt's: no project has changed when they differ. */
function isOther(id: string, macro: Entry, previous: MacroEntries['previous']): boolean {
  if (/^macro\.dbt(?:_postgres)?\./.test(id)) return false
  const before = previous[id]
  return before === undefined || textOf(macro) !== textOf(before)
}

function textOf(macro: Entry): string {
  return String(macro['macro_sql']).replaceAll('\r\n', '\n').trim()
}

function callees(entry: Entry): readonly string[] {
  const { macros } = (entry['depends_on'] ?? {}) as { macros?: readonly string[] }
  return macros ?? []
}
