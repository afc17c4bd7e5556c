import { defineGenerator, type GeneratorContext, makeRandom, type RowWriter } from 'estimand'
import { arms, trueEffects } from './experiments.ts'
import { type Exposure, makeJourneys } from './journey.ts'
import { checkParams, type WorldParams } from './params.ts'
import { makeUser, type User } from './population.ts'
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
  // About one user to 45 events, with half an assignment and half a row of truth.
  expectedRows: ({ events }) => Math.round(events * 1.05) + 4200,
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
        if (exposure.exposedMicros > 0) writeExposure(world, tables, userId, experiment, exposure)
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

function writeExposure(
  { labels }: World,
  tables: Tables,
  userId: number,
  experiment: number,
  exposure: Exposure,
): void {
  const assignment = tables['product.assignments']!
  assignment.startRow()
  assignment.textBytes(labels.experiments[experiment]!)
  assignment.int8(userId)
  assignment.textBytes(labels.arms[exposure.arm]!)
  assignment.timestamptz(exposure.exposedMicros)
  const truth = tables['truth.potential_outcomes']!
  truth.startRow()
  truth.textBytes(labels.experiments[experiment]!)
  truth.int8(userId)
  for (const arm of [0, 1] as const) {
    truth.int4(exposure.orders[arm])
    truth.int8(exposure.revenueCents[arm])
  }
}

/** Writes the tables that do not grow with the number of users. */
function writeWorld(world: World, tables: Tables): void {
  writeItems(world, tables['product.items']!)
  writeExperiments(world, tables['product.experiments']!)
  const effects = tables['truth.effects']!
  for (const { experiment, metric, scale, value, description } of trueEffects(world.experiments)) {
    effects.startRow()
    effects.text(experiment)
    effects.text(metric)
    effects.text(scale)
    effects.float8(value)
    effects.text(description)
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

function writeExperiments({ experiments }: World, out: RowWriter): void {
  for (const { id, hypothesis, startMicros, endMicros } of experiments) {
    out.startRow()
    out.text(id)
    out.text(hypothesis)
    out.timestamptz(startMicros)
    out.timestamptz(endMicros)
    out.text(arms[0])
    out.text(arms[1])
  }
}
