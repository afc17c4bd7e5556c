import { centerOf, type Placed, rowsOfSteps, type StepToPlace, spreadRows } from '../../core/step-rows.ts'

/*
 * The steps of a DAG drawn with characters, from the top down. Where two lines cross, the one that goes down is on top.
 */

const up = 1
const down = 2
const left = 4
const right = 8
/** By the directions in which lines go from it. */
const lines = ' ╵╷│╴┘┐┤╶└┌├─┴┬┼'

/** The lines of the drawing. `labelOf` says what stands in the box of a step. */
export function stepDrawing(steps: readonly StepToPlace[], labelOf: (step: string) => string): string[] {
  const widthOf = (step: string | null) => (step === null ? 1 : labelOf(step).length + 4)
  const rows = spreadRows(rowsOfSteps(steps), widthOf, 3)
  const width = Math.max(0, ...rows.flat().map((cell) => cell.left + cell.width))
  return rows.flatMap((row, index) => {
    const next = rows[index + 1]
    const boxes = boxLines(row, next, labelOf, width)
    return next ? [...boxes, ...bandLines(row, next, width)] : boxes
  })
}

function boxLines(
  row: readonly Placed[],
  next: readonly Placed[] | undefined,
  labelOf: (step: string) => string,
  width: number,
): string[] {
  const canvas = Array.from({ length: 3 }, () => new Array<string>(width).fill(' '))
  const write = (y: number, x: number, text: string) => {
    for (const [offset, character] of [...text].entries()) canvas[y]![x + offset] = character
  }
  for (const [index, cell] of row.entries()) {
    const x = centerOf(cell)
    if (cell.step === null) for (const y of [0, 1, 2]) write(y, x, '│')
    else {
      const edge = '─'.repeat(cell.width - 2)
      write(0, cell.left, `┌${edge}┐`)
      write(1, cell.left, `│ ${labelOf(cell.step)} │`)
      write(2, cell.left, `└${edge}┘`)
      if (cell.above.length > 0) write(0, x, '┴')
      if (next?.some(({ above }) => above.includes(index))) write(2, x, '┬')
    }
  }
  return canvas.map((line) => line.join('').trimEnd())
}

/** The lines between two rows: each entry above that has to go sideways does so on a line of its own. */
function bandLines(row: readonly Placed[], next: readonly Placed[], width: number): string[] {
  const goings = row.flatMap((cell, index) => {
    const from = centerOf(cell)
    const to = next.filter(({ above }) => above.includes(index)).map(centerOf)
    return to.length === 0 ? [] : [{ from, to, isStraight: to.every((x) => x === from) }]
  })
  const height = Math.max(1, goings.filter(({ isStraight }) => !isStraight).length)
  const marks = Array.from({ length: height }, () => new Uint8Array(width))
  const mark = (y: number, x: number, bits: number) => {
    marks[y]![x]! |= bits
  }
  const across: { y: number; from: number; to: number; ends: readonly number[] }[] = []
  let lane = 0
  for (const { from, to, isStraight } of goings) {
    const y = isStraight ? 0 : lane++
    for (let above = 0; above < y; above++) mark(above, from, up | down)
    mark(y, from, up)
    for (const x of to) {
      mark(y, x, down)
      for (let below = y + 1; below < height; below++) mark(below, x, up | down)
    }
    if (!isStraight)
      across.push({ y, from: Math.min(from, ...to), to: Math.max(from, ...to), ends: [from, ...to] })
  }
  for (const { y, from, to, ends } of across)
    for (let x = from; x <= to; x++) {
      const bits = (x > from ? left : 0) | (x < to ? right : 0)
      if (ends.includes(x) || marks[y]![x] === 0) mark(y, x, bits)
    }
  return marks.map((bits) =>
    [...bits]
      .map((each) => lines[each])
      .join('')
      .trimEnd(),
  )
}
