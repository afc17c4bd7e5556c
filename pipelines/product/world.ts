import { defineGenerator, type GeneratorContext, makeRandom, type RowWriter } from 'estimand'
import { writeDrifts } from '../write-drifts.ts'
import { arms, endOf, isRecorded, startOf } from './experiments.ts'
import { type Exposure, makeJourneys, tvLaunchDay } from './journey.ts'
import { checkParams, startMicros, type WorldParams } from './params.ts'
import { countries, makeUser, type User } from './population.ts'
import { rolloutFeature } from './rollout.ts'
import { rolloutEffects, trueEffects } from './true-effects.ts'
import { categoryOf, makeWorld, type World } from './world-parts.ts'

/*
 * The product world: a service with things to watch and listen to and a shop, from its launch on.
 * A partition is a hundred thousand events; it invents users until it has them, so the number of events is exact and
 * event ids run from 1 without a gap, however the work is spread. Each user has a random stream of its own.
 */

const eventsPerPartition = 100_000

type WorldPartition = { readonly index: number; readonly firstEvent: number; readonly events: number }
type Tables = GeneratorContext<WorldParams>['tables']

export default defineGenerator<WorldParams, WorldPartition>({
  // About one user to 62 events, with two assignments and two and a half rows of truth.
  expectedRows: ({ events }) => Math.round(events * 1.09) + 4500,
  partitions(params) {
    checkParams(params)
    return Array.from({ length: Math.ceil(params.events / eventsPerPartition) }, (_, index) => ({
      index,
      firstEvent: index * eventsPerPartition + 1,
      events: Math.min(eventsPerPartition, params.events - index * eventsPerPartition),
    }))
  },
  *generate(partition, { params, tables }) {
    const world = makeWorld(params)
    if (partition.index === 0) writeWorld(world, tables)
    const random = makeRandom(params.seed)
    const user = makeUser()
    const journeys = makeJourneys(
      world,
      random,
      tables['product.events']!,
      partition.firstEvent,
      partition.events,
    )
    // There are fewer users than events, so the ids of one partition never reach those of the next.
    for (let userId = partition.firstEvent; journeys.written() < partition.events; userId++) {
      random.reseed(userId)
      world.population.draw(random, user)
      writeUser(world, tables['product.users']!, user, userId)
      journeys.write(user, userId)
      journeys.exposures.forEach((exposure, experiment) => {
        if (exposure.exposedMicros > 0) writeExposure(world, tables, { userId, user }, experiment, exposure)
      })
      yield
    }
  },
})

function writeUser({ labels }: World, out: RowWriter, user: User, userId: number): void {
  out.startRow()
  out.int8(userId)
  out.timestamptz(user.signupMicros)
  out.textBytes(labels.channels[user.channel]!)
  out.textBytes(labels.countries[user.country]!)
  out.textBytes(labels.devices[user.device]!)
}

/** What is on record of an exposure, and what is true of it; the last one is to the roll-out, to which nobody is assigned. */
function writeExposure(
  { experiments, labels }: World,
  tables: Tables,
  { userId, user }: { readonly userId: number; readonly user: User },
  index: number,
  exposure: Exposure,
): void {
  const experiment = experiments[index]
  if (experiment && isRecorded(userId, user, exposure.arm, experiment)) {
    const assignment = tables['product.assignments']!
    assignment.startRow()
    assignment.textBytes(labels.experiments[index]!)
    assignment.int8(userId)
    assignment.textBytes(labels.arms[exposure.arm]!)
    assignment.timestamptz(exposure.exposedMicros)
  }
  const truth = tables['truth.potential_outcomes']!
  truth.startRow()
  truth.textBytes(labels.experiments[index]!)
  truth.int8(userId)
  for (const arm of [0, 1] as const) {
    truth.int4(exposure.orders[arm])
    truth.int8(exposure.revenueCents[arm])
    truth.int4(exposure.plays[arm])
  }
}

/** Writes the tables that do not grow with the number of users. */
function writeWorld(world: World, tables: Tables): void {
  writeItems(world, tables['product.items']!)
  writeExperiments(world, tables)
  writeRollout(world, tables['product.rollouts']!)
  const effects = tables['truth.effects']!
  for (const entry of trueEffects(world.experiments, world.rollout)) {
    effects.startRow()
    effects.text(entry.experiment)
    effects.text(entry.metric)
    effects.text(entry.scale)
    effects.text(entry.segmentName)
    effects.text(entry.segmentValue)
    effects.float8(entry.value)
    effects.text(entry.description)
  }
  const description = 'a television app draws listeners'
  writeDrifts(
    tables['truth.drifts']!,
    startMicros(world.params),
    { day: tvLaunchDay, days: world.params.days },
    [
      { column: 'device', category: 'tv', description },
      { column: 'device', segment: ['primary_intent', 'listen'], category: 'tv', description },
    ],
  )
  const rolledOut = tables['truth.rollout_effects']!
  for (const { estimand, outcome, value } of rolloutEffects(
    world.rollout,
    world.population.meanPurchaseProbability,
  )) {
    rolledOut.startRow()
    rolledOut.text(estimand)
    rolledOut.text(outcome)
    rolledOut.float8(value)
  }
}

function writeItems(world: World, out: RowWriter): void {
  const { itemCount, productCount, priceCents } = world.catalogue
  for (let item = 1; item <= itemCount; item++) {
    out.startRow()
    out.int4(item)
    out.text(item <= productCount ? 'product' : 'title')
    out.text(categoryOf(world, item))
    if (item <= productCount) out.int4(priceCents[item]!)
    else out.null()
  }
}

function writeExperiments({ experiments, params }: World, tables: Tables): void {
  const out = tables['product.experiments']!
  const allocations = tables['product.allocations']!
  for (const experiment of experiments) {
    out.startRow()
    out.text(experiment.id)
    out.text(experiment.hypothesis)
    out.text(experiment.layer)
    out.timestamptz(startOf(experiment, params))
    out.timestamptz(endOf(experiment, params))
    out.text(arms[0])
    out.text(arms[1])
    countries.forEach(({ code }, index) => {
      allocations.startRow()
      allocations.text(experiment.id)
      allocations.text(code)
      allocations.float8(experiment.treatmentShares[index]!)
    })
  }
}

function writeRollout({ rollout }: World, out: RowWriter): void {
  rollout.startMicros.forEach((start, index) => {
    if (start === Infinity) return
    out.startRow()
    out.text(rolloutFeature)
    out.text(countries[index]!.code)
    out.timestamptz(start)
  })
}
