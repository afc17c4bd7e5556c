import type { Random } from '../../../stats/index.ts'
import { interactionSegment } from '../../experiment/data/cell-index.ts'
import {
  armNames,
  around1,
  coinArms,
  type Design,
  type Draw,
  designOutcome,
  designSpec,
  effectOf,
} from './design.ts'

/*
 * Segments whose effects differ, or do not, and another experiment on the same units.
 */

const units = 1600
const countries = ['at', 'be', 'ch', 'de', 'es', 'fr', 'gb', 'it', 'nl', 'pl']
const spread = 0.08

/** `lift` 0: the same effect (of none) everywhere; otherwise effects of countries are drawn around it. */
function draw(random: Random, lift: number): Draw {
  const arms = coinArms(units, random)
  const country = Int32Array.from({ length: units }, () => random.int(countries.length))
  const other = Int32Array.from({ length: units }, () => random.int(2))
  const effects = countries.map(() => (lift === 0 ? 0 : lift + spread * random.normal()))
  const spending = Float64Array.from(arms, (arm, unit) => {
    const base = 10 * around1(random, 0.5) * (other[unit] === 1 ? 1.1 : 1)
    return base * (arm === 1 ? 1 + effects[country[unit]!]! : 1)
  })
  const level = 10 * 1.05
  return {
    days: [null],
    replication: {
      ...{ n: units, armNames, arms, exposedDay: new Int32Array(units), values: [[spending]] },
      segments: new Map([
        ['country', { kind: 'text', codes: country, texts: countries }],
        [interactionSegment('other'), { kind: 'text', codes: other, texts: armNames }],
      ]),
    },
    truth: ({ scale, scope: { segmentName, segmentValue } }) => {
      if (segmentName === 'country' && segmentValue !== null)
        return effectOf(level, effects[countries.indexOf(segmentValue)]!, scale)
      if (segmentName !== interactionSegment('other')) return undefined
      // A share of more is more; as shares the effects do nothing to each other.
      const mean = effects.reduce((sum, effect) => sum + effect, 0) / effects.length
      return scale === 'absolute' ? mean : 0
    },
  }
}

/** Ten segments and a second experiment. */
export const segmented: Design = {
  name: 'segmented',
  description: `${units} units of ten countries, whose effects are the same (none) or drawn around one; a second experiment on the same units, whose effect is a tenth whatever the first one does.`,
  lifts: [0, 0.1],
  hasNull: true,
  spec: designSpec({
    outcomes: [designOutcome('spending', 'mean', { role: 'goal' })],
    methods: ['partial_pooling'],
    segments: ['country'],
    interactions: [{ experiment: 'other', control: 'control', treatments: ['treatment'] }],
    health: [{ check: 'sample_ratio_by_segment', critical: false, threshold: 0.05 }],
  }),
  draw,
}
