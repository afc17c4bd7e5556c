import { escapeHtml } from '../../core/escape-html.ts'
import { centerOf, type Placed, rowsOfSteps, type StepToPlace, spreadRows } from '../../core/step-rows.ts'

/*
 * The steps of a DAG as an SVG that stands alone: fonts of the reader, colours that do on white and on black.
 */

const rowHeight = 76
const boxHeight = 44
const margin = 16
const textWidth = 7.4

export interface SvgStep extends StepToPlace {
  /** What stands below the name, in small letters. */
  readonly detail: string
}

/** The drawing of one DAG. */
export function stepSvg(title: string, steps: readonly SvgStep[]): string {
  const byName = new Map(steps.map((step) => [step.name, step]))
  const widthOf = (name: string | null): number => {
    const step = name === null ? undefined : byName.get(name)
    return step ? Math.ceil(Math.max(step.name.length, step.detail.length * 0.85) * textWidth) + 28 : 2
  }
  const rows = spreadRows(rowsOfSteps(steps), widthOf, 24)
  const width = Math.max(0, ...rows.flat().map((cell) => cell.left + cell.width)) + 2 * margin
  const height = (rows.length - 1) * rowHeight + boxHeight + 2 * margin
  const name = escapeHtml(title)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${name}" font-family="system-ui, sans-serif" font-size="13" text-anchor="middle">`,
    `<title>${name}</title>`,
    ...rows.flatMap((row, index) => row.flatMap((cell) => linesTo(cell, index, rows[index - 1] ?? []))),
    ...rows.flatMap((row, index) => row.flatMap((cell) => boxOf(cell, index, byName))),
    '</svg>',
    '',
  ].join('\n')
}

const xOf = (cell: Placed): number => centerOf(cell) + margin
const topOf = (row: number): number => row * rowHeight + margin

function linesTo(cell: Placed, row: number, before: readonly Placed[]): string[] {
  const x = xOf(cell)
  const top = topOf(row)
  const bottom = topOf(row - 1) + boxHeight
  const middle = (bottom + top) / 2
  const through = cell.step === null ? ` V${top + boxHeight}` : ''
  return cell.above.map((index) => {
    const from = xOf(before[index]!)
    return `<path d="M${from} ${bottom} C${from} ${middle} ${x} ${middle} ${x} ${top}${through}" fill="none" stroke="#8a94a6" stroke-width="1.5"/>`
  })
}

function boxOf(cell: Placed, row: number, byName: ReadonlyMap<string, SvgStep>): string[] {
  const step = cell.step === null ? undefined : byName.get(cell.step)
  if (!step) return []
  const top = topOf(row)
  const x = xOf(cell)
  return [
    `<rect x="${cell.left + margin}" y="${top}" width="${cell.width}" height="${boxHeight}" rx="6" fill="#eef2f8" stroke="#5b6b86"/>`,
    `<text x="${x}" y="${top + 19}" fill="#1d2735" font-weight="600">${escapeHtml(step.name)}</text>`,
    `<text x="${x}" y="${top + 35}" fill="#4a5668" font-size="11">${escapeHtml(step.detail)}</text>`,
  ]
}
