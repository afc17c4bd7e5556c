import type { TopLevelSpec } from 'vega-lite'

/**
 * Draws a chart as an SVG element, the same bytes for the same data. The library is loaded at the first chart: most
 * runs draw none.
 */
export async function renderChart(spec: TopLevelSpec): Promise<string> {
  const [{ parse, View, Warn }, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  const view = new View(parse(compile(spec).spec), { renderer: 'none', logLevel: Warn })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}
