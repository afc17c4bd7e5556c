import { differs, type Entry, part } from './entry-values.ts'

/** Whether a contract that is or was enforced promises something else. */
export function changedContract(current: Entry, previous: Entry): boolean {
  const isEnforced = part(current, 'contract')['enforced'] === true
  const wasEnforced = part(previous, 'contract')['enforced'] === true
  if (!isEnforced && !wasEnforced) return false
  return isEnforced !== wasEnforced || differs(promised(current), promised(previous))
}

/** Columns whatever their order, and what only tables can hold to. */
function promised(entry: Entry): unknown {
  const columns = Object.values(part(entry, 'columns')).map((column) => {
    const { name, data_type: type, constraints } = column as Entry
    return { name, type, constraints }
  })
  const { materialized } = part(entry, 'config')
  const holdsConstraints = materialized === 'table' || materialized === 'incremental'
  return {
    columns: columns.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
    ...(holdsConstraints && { materialized, constraints: entry['constraints'] }),
  }
}

/** What readers of the model can no longer rely on, in words. */
export function contractBreaks(current: Entry | null, previous: Entry): readonly string[] {
  if (part(previous, 'contract')['enforced'] !== true) return []
  if (current === null) return ['it was removed or switched off']
  const breaks: string[] = []
  if (part(current, 'contract')['enforced'] !== true) breaks.push('its contract is no longer enforced')
  const columns = part(current, 'columns')
  for (const [name, column] of Object.entries(part(previous, 'columns'))) {
    const now = columns[name] as Entry | undefined
    const before = column as Entry
    if (!now) breaks.push(`column ${name} was removed`)
    else if (baseType(now['data_type']) !== baseType(before['data_type']))
      breaks.push(`column ${name} was ${before['data_type']} and is ${now['data_type']}`)
  }
  return breaks
}

/** A type without its length or precision, which may change without breaking anything. */
function baseType(type: unknown): string {
  return String(type ?? '')
    .split('(')[0]!
    .trim()
    .toLowerCase()
}
