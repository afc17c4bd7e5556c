import type { CausalGraph } from '../../core/causal-graph/causal-graph.ts'
import { escapeHtml } from '../../core/escape-html.ts'
import { type LaidOut, layoutGraph } from './graph-layout.ts'

/** What nodes are for, which shows in how they are drawn. */
export interface NodeRoles {
  readonly treatment: string
  readonly outcomes: readonly string[]
  /** What is adjusted for. */
  readonly adjusted: readonly string[]
  readonly instruments: readonly string[]
}

const cell = { width: 40, height: 58, box: 30, perLetter: 7.2, padding: 22, margin: 12 }

/** Draws a causal graph: causes left of effects, what is not observed in dashes, what is adjusted for filled. */
export function graphSvg(graph: CausalGraph, roles: NodeRoles): string {
  const layout = layoutGraph(graph)
  const width = (name: string): number => name.length * cell.perLetter + cell.padding
  const columnWidth = Array.from({ length: layout.columns }, (_, column) =>
    Math.max(
      cell.box,
      ...layout.nodes.filter((node) => node.column === column).map(({ name }) => width(name)),
    ),
  )
  const lefts = columnWidth.map(
    (_, column) =>
      cell.margin + columnWidth.slice(0, column).reduce((sum, own) => sum + own + cell.width * 1.6, 0),
  )
  const x = ({ column }: LaidOut): number => lefts[column]! + columnWidth[column]! / 2
  const y = ({ row }: LaidOut): number => cell.margin + row * cell.height + cell.box / 2 + 4
  const isNode = ({ name }: LaidOut): boolean => graph.parents.has(name)
  const arrows = layout.arrows.map(({ from, to, points }) => {
    const ends = points.map((point, index) => {
      if (!isNode(point)) return [x(point), y(point)] as const
      const half = width(point.name) / 2
      return [x(point) + (index === 0 ? half : -half - 5), y(point)] as const
    })
    const path = ends
      .map(([atX, atY], index) => {
        if (index === 0) return `M${round(atX)} ${round(atY)}`
        const [beforeX, beforeY] = ends[index - 1]!
        const middle = (beforeX + atX) / 2
        return `C${round(middle)} ${round(beforeY)} ${round(middle)} ${round(atY)} ${round(atX)} ${round(atY)}`
      })
      .join('')
    const isHidden = graph.unobserved.has(from)
    const isAsked = from === roles.treatment && roles.outcomes.includes(to)
    const stroke = isAsked ? '#4477aa' : '#777'
    return `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${isAsked ? 2.5 : 1.3}"${isHidden ? ' stroke-dasharray="4 3"' : ''} marker-end="url(#${isAsked ? 'asked' : 'arrow'})"><title>${escapeHtml(`${from} → ${to}`)}</title></path>`
  })
  const boxes = layout.nodes.map((node) => {
    const own = width(node.name)
    const style = styleOf(node.name, graph, roles)
    return `<rect x="${round(x(node) - own / 2)}" y="${round(y(node) - cell.box / 2)}" width="${round(own)}" height="${cell.box}" rx="6" ${style}/><text x="${round(x(node))}" y="${round(y(node) + 4)}" text-anchor="middle">${escapeHtml(node.name)}</text>`
  })
  const totalWidth = round(lefts.at(-1)! + columnWidth.at(-1)! + cell.margin)
  const totalHeight = round(layout.rows * cell.height + cell.margin)
  const marker = (id: string, colour: string): string =>
    `<marker id="${id}" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${colour}"/></marker>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${totalWidth} ${totalHeight}" width="${totalWidth}" height="${totalHeight}" role="img" aria-label="causal graph" font-family="system-ui, sans-serif" font-size="13"><defs>${marker('arrow', '#777')}${marker('asked', '#4477aa')}</defs>${arrows.join('')}${boxes.join('')}</svg>`
}

function styleOf(name: string, { unobserved }: CausalGraph, roles: NodeRoles): string {
  if (unobserved.has(name)) return 'fill="#fff" stroke="#777" stroke-dasharray="4 3"'
  if (name === roles.treatment) return 'fill="#d6e4f2" stroke="#4477aa" stroke-width="2"'
  if (roles.outcomes.includes(name)) return 'fill="#d8ecdc" stroke="#228833" stroke-width="2"'
  if (roles.adjusted.includes(name)) return 'fill="#f6ecc9" stroke="#b59a1c"'
  if (roles.instruments.includes(name)) return 'fill="#e9dcec" stroke="#aa3377"'
  return 'fill="#fff" stroke="#777"'
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
