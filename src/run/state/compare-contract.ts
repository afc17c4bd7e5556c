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
  return {
    columns: columns.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
    ...(holdsConstraints(entry) && {
      materialized: materializedAs(entry),
      constraints: entry['constraints'],
    }),
  }
}

function holdsConstraints(entry: Entry): boolean {
  return ['table', 'incremental'].includes(materializedAs(entry))
}

function materializedAs(entry: Entry): string {
  return String(part(entry, 'config')['materialized'])
}

/** What readers of the model can no longer rely on, in words; nothing where the contract was not enforced. */
export function contractBreaks(current: Entry, previous: Entry): readonly string[] {
  if (part(previous, 'contract')['enforced'] !== true) return []
  const isEnforced = part(current, 'contract')['enforced'] === true
  return [
    ...(isEnforced ? [] : ['its contract is no longer enforced']),
    ...brokenColumns(part(current, 'columns'), part(previous, 'columns')),
    ...(holdsConstraints(previous) ? lostConstraints(current, previous) : []),
  ]
}

function brokenColumns(current: Entry, previous: Entry): string[] {
  return Object.entries(previous).flatMap(([name, column]) => {
    const now = current[name] as Entry | undefined
    const before = column as Entry
    if (!now) return [`column ${name} was removed`]
    if (baseType(now['data_type']) === baseType(before['data_type'])) return []
    return [`column ${name} was ${before['data_type']} and is ${now['data_type'] ?? 'without a type'}`]
  })
}

/** A type without its length or precision, which may change without breaking anything. */
function baseType(type: unknown): string {
  return String(type ?? '')
    .split('(')[0]!
    .trim()
    .toLowerCase()
}

/** Postgres enforces what tables are declared to hold to, and nothing of what views are. */
function lostConstraints(current: Entry, previous: Entry): string[] {
  const columns = part(current, 'columns')
  const ofColumns = Object.entries(part(previous, 'columns')).flatMap(([name, before]) => {
    const now = columns[name] as Entry | undefined
    if (!now) return []
    return missing(constraintsOf(before as Entry), constraintsOf(now)).map(
      (constraint) => `constraint ${nameOf(constraint)} of column ${name} was removed`,
    )
  })
  const own = missing(constraintsOf(previous), constraintsOf(current)).map(
    (constraint) => `constraint ${nameOf(constraint)}${onColumns(constraint)} was removed`,
  )
  const had = [previous, ...(Object.values(part(previous, 'columns')) as Entry[])].flatMap(constraintsOf)
  const wasTable = had.length > 0 && !holdsConstraints(current)
  const now = materializedAs(current)
  const isOther = `it was a ${materializedAs(previous)} with constraints and is a ${now}`
  return [...ofColumns, ...own, ...(wasTable ? [isOther] : [])]
}

function constraintsOf({ constraints }: Entry): readonly Entry[] {
  return (constraints ?? []) as readonly Entry[]
}

/** Those of `before` that are not among `now`; what only dbt's macros know is enforced by nobody. */
function missing(before: readonly Entry[], now: readonly Entry[]): Entry[] {
  return before.filter(
    (constraint) => constraint['type'] !== 'custom' && !now.some((other) => !differs(constraint, other)),
  )
}

function nameOf({ name, type }: Entry): string {
  return String(name ?? type)
}

function onColumns({ columns }: Entry): string {
  const names = (columns ?? []) as readonly string[]
  return names.length > 0 ? ` of columns ${names.join(', ')}` : ''
}
