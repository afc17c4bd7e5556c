import { formatPlace, formatProblem, type Problem } from '../../core/problem.ts'
import type { Colors } from '../output.ts'

/** The text of a problem with its parts in colour; without colours it is exactly formatProblem's. */
export function paintProblem(problem: Problem, colors: Colors): string {
  const text = formatProblem(problem)
  if (!colors.isColorSupported) return text
  const accent = problem.severity === 'error' ? colors.red : colors.yellow
  const place = problem.place ? formatPlace(problem.place) : ''
  const code = `[${problem.code}]`
  // The first line is `place  message   [code]`; the message itself may go over several lines.
  const headEnd = text.indexOf(code) + code.length
  const head = text.slice(place.length, headEnd - code.length)
  const rest = text.slice(headEnd).split('\n')
  return `${place && colors.cyan(place)}${colors.bold(accent(head))}${colors.dim(code)}${rest
    .map((line) => paintDetail(line, colors, accent))
    .join('\n')}`
}

function paintDetail(line: string, colors: Colors, accent: (text: string) => string): string {
  if (/^\s*\^$/.test(line)) return accent(line)
  const gutter = /^ {2}\d+ \| /.exec(line)?.[0]
  if (gutter) return colors.dim(gutter) + line.slice(gutter.length)
  return line
}
