import Table from 'cli-table3'

/** A table without a frame: columns apart by spaces. */
export interface PlainTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns of numbers stand to the right. */
  readonly align: readonly ('left' | 'right')[]
}

const noFrame = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('middle')
    .map((name) => [name, '']),
)

/** The lines of a table. */
export function tableLines({ head, rows, align }: PlainTable): string[] {
  const table = new Table({
    head: [...head],
    chars: noFrame,
    colAligns: [...align],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  })
  for (const row of rows) table.push([...row])
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}
