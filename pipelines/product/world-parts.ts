import { type AliasTable, makeAliasTable } from 'estimand'
import { type Calendar, makeCalendar } from './calendar.ts'
import { type Catalogue, makeCatalogue, productCategories, titleCategories } from './catalogue.ts'
import { arms, type Experiment, largestFactor, makeExperiments } from './experiments.ts'
import { checkParams, type WorldParams } from './params.ts'
import { channels, countries, devices, makePopulation, type Population } from './population.ts'
import { makeRollout, type Rollout, rolloutFeature } from './rollout.ts'
import { type Chains, eventNames, makeChains } from './session.ts'

/*
 * Everything that the users of a world share.
 */

/** Labels as the bytes that go over the wire, by the index that the rest of the world uses. */
export interface Labels {
  readonly eventNames: readonly Uint8Array[]
  /** The experiments, and the roll-out as the last one. */
  readonly experiments: readonly Uint8Array[]
  readonly arms: readonly Uint8Array[]
  readonly platforms: readonly Uint8Array[]
  readonly devices: readonly Uint8Array[]
  readonly countries: readonly Uint8Array[]
  readonly channels: readonly Uint8Array[]
}

export interface World {
  readonly params: WorldParams
  readonly calendar: Calendar
  readonly population: Population
  readonly catalogue: Catalogue
  readonly productTable: AliasTable
  readonly titleTable: AliasTable
  readonly chains: Chains
  readonly experiments: readonly Experiment[]
  readonly rollout: Rollout
  readonly labels: Labels
}

/** The largest probability of buying a cart, when no treatment raises it. */
const purchaseCeiling = 0.85

/** Sets up the world of these parameters. */
export function makeWorld(params: WorldParams): World {
  checkParams(params)
  const calendar = makeCalendar(params)
  const experiments = makeExperiments(params)
  const catalogue = makeCatalogue(params.seed)
  const rollout = makeRollout(params)
  // A treated probability must stay a probability, or the true lift would be less than the one declared.
  const highestFactor = largestFactor(experiments, 'cart', params.days) * (1 + Math.max(0, rollout.lift))
  return {
    params,
    calendar,
    population: makePopulation(calendar, Math.min(purchaseCeiling, 1 / highestFactor)),
    catalogue,
    productTable: makeAliasTable(catalogue.productWeights),
    titleTable: makeAliasTable(catalogue.titleWeights),
    chains: makeChains(),
    experiments,
    rollout,
    labels: {
      eventNames: encodeAll(eventNames),
      experiments: encodeAll([...experiments.map(({ id }) => id), rolloutFeature]),
      arms: encodeAll(arms),
      platforms: encodeAll(devices.map(({ platform }) => platform)),
      devices: encodeAll(devices.map(({ device }) => device)),
      countries: encodeAll(countries.map(({ code }) => code)),
      channels: encodeAll(channels.map(({ name }) => name)),
    },
  }
}

/** The category of an item, in words. */
export function categoryOf({ catalogue }: World, item: number): string {
  const names = item <= catalogue.productCount ? productCategories : titleCategories
  return names[catalogue.category[item]!]!
}

function encodeAll(texts: readonly string[]): Uint8Array[] {
  const encoder = new TextEncoder()
  return texts.map((text) => encoder.encode(text))
}
