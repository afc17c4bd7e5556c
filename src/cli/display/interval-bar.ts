/*
 * An interval as a line of characters: ├──●──┤ on an axis with │ at zero. All bars of one axis can be compared.
 */

/** The values between which bars are drawn; zero is always among them. */
export interface Axis {
  readonly from: number
  readonly to: number
  readonly width: number
}

export interface ShownInterval {
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
}

/** An axis on which all intervals have their place. Bounds that are infinite go beyond it. */
export function axisOf(intervals: readonly ShownInterval[], width: number): Axis {
  const values = intervals
    .flatMap(({ estimate, ciLower, ciUpper }) => [estimate, ciLower, ciUpper])
    .filter((value): value is number => value !== null && Number.isFinite(value))
  const [from, to] = [Math.min(0, ...values), Math.max(0, ...values)]
  return from === to ? { from: -1, to: 1, width } : { from, to, width }
}

const plain: Readonly<Record<string, string>> = {
  '●': 'o',
  '├': '[',
  '┤': ']',
  '─': '-',
  '┼': '+',
  '│': '|',
  '←': '<',
  '→': '>',
  '∞': 'inf',
  '−': '-',
  '·': '-',
}

/** The same for terminals that have plain characters only. */
export function inPlainCharacters(line: string): string {
  return line.replace(/[●├┤─┼│←→∞−·]/g, (character) => plain[character]!)
}

/** The bar of one interval; empty where there is no estimate. */
export function intervalBar({ estimate, ciLower, ciUpper }: ShownInterval, axis: Axis): string {
  if (estimate === null) return ''
  const { from, to, width } = axis
  const at = (value: number): number => {
    const share = (value - from) / (to - from)
    return Math.round(Math.min(1, Math.max(0, share)) * (width - 1))
  }
  const lower = at(ciLower ?? estimate)
  const upper = at(ciUpper ?? estimate)
  const zero = at(0)
  const middle = at(estimate)
  return Array.from({ length: width }, (_, index) => {
    if (index === middle) return '●'
    if (ciLower !== null && index === lower) return Number.isFinite(ciLower) ? '├' : '←'
    if (ciUpper !== null && index === upper) return Number.isFinite(ciUpper) ? '┤' : '→'
    if (index === zero) return index > lower && index < upper ? '┼' : '│'
    return index > lower && index < upper ? '─' : ' '
  }).join('')
}
