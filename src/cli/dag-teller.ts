import { setTimeout as sleep } from 'node:timers/promises'
import { sendMail } from '../schedule/notify/send-mail.ts'
import { makeTeller, type Teller } from '../schedule/notify/tell-people.ts'
import type { DagStore } from '../store/dags/index.ts'
import type { CommandContext } from './command-context.ts'

/** Makes what tells people what became of runs, with the network and what stands in the environment. */
export function dagTeller(
  { clock, environment, narrator }: CommandContext,
  store: DagStore,
  project: string,
): Teller {
  return makeTeller({
    project,
    environment,
    fetch,
    mail: sendMail,
    readDue: () => store.readRunsToTell(clock()),
    recordTold: store.recordTold,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
    emit: ({ type, dag, occasion, target, reason, willRetry }) => {
      const what = `${dag}: ${occasion.slice(3).replace('_', ' ')}`
      if (type === 'told') narrator.note(`${what} told by ${target}`)
      else narrator.note(`${what} not told by ${target}: ${reason}${willRetry ? '; trying again' : ''}`)
    },
  })
}
