import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../options.ts'
import type { ReplayFlags } from '../replay-stream.ts'
import type { ResetFlags } from '../reset-stream.ts'
import type { StreamRunFlags } from '../run-streams.ts'
import type { StreamStatusFlags } from '../stream-status.ts'

/** `estimand stream …`: topics of Kafka into tables. */
export const defineStream: CommandDefiner = (program, { command, options, launch }) => {
  const stream = command(program, 'stream')
    .usage('<command> [options]')
    .description('read the topics of Kafka that loads of kind stream name')

  const run = command(stream, 'run').description(
    'read until Ctrl-C or SIGTERM; several at once share the partitions',
  )
  options.selection(run)
  run
    .addOption(new Option('--until-caught-up', 'end when everything is read that was there'))
    .addOption(
      new Option('--session-timeout <seconds>', 'a reader that is silent for longer loses its partitions')
        .argParser(Number)
        .default(30),
    )
    .addOption(
      new Option('--report-every <seconds>', 'how often to say how it goes').argParser(Number).default(10),
    )
  run.action(
    launch<StreamRunFlags>(async (context, flags) => {
      const { runStreams } = await import('../run-streams.ts')
      return runStreams(context, flags)
    }, 'out'),
  )

  const status = command(stream, 'status').description(
    'say how far streams are behind, how fast they go, what was bad',
  )
  options.selection(status)
  status.addOption(
    new Option('--output <format>', 'text for people, or one JSON document on stdout')
      .choices(['text', 'json'])
      .default('text'),
  )
  status.action(
    launch<StreamStatusFlags>(async (context, flags) => {
      const { showStreamStatus } = await import('../stream-status.ts')
      return showStreamStatus(context, flags)
    }),
  )

  const reset = command(stream, 'reset')
    .usage('<stream> --to <place>')
    .argument('<stream>', 'the name of the load')
    .description('set where a stream goes on; its rows stay')
  reset.addOption(
    new Option('--to <place>', 'the first messages that Kafka still has, or only those to come')
      .choices(['earliest', 'latest'])
      .makeOptionMandatory(),
  )
  reset.action(
    launch<ResetFlags>(async (context, flags, args) => {
      const { resetStream } = await import('../reset-stream.ts')
      return resetStream(context, flags, args[0]!)
    }, 'out'),
  )

  const replay = command(stream, 'replay')
    .usage('<stream> --from <relation> [options]')
    .argument('<stream>', 'the name of the load whose topic gets the messages')
    .description('write the rows of a table into the topic of a stream, in order and at a rate')
  replay
    .addOption(new Option('--from <relation>', 'the table: product.events').makeOptionMandatory())
    .addOption(new Option('--order-by <columns>', 'the order of the messages: event_time,event_id'))
    .addOption(new Option('--key <column>', 'the column whose value is the key: its messages stay in order'))
    .addOption(new Option('--rate <n>', 'messages a second (default: as many as can be)').argParser(Number))
    .addOption(new Option('--limit <n>', 'only so many').argParser(parseCount))
    .addOption(
      new Option('--spoil <share>', 'the share of payloads that are cut off, to try dead letters').argParser(
        Number,
      ),
    )
    .addOption(new Option('--seed <n>', 'decides which are').argParser(Number).default(1))
  replay.action(
    launch<ReplayFlags>(async (context, flags, args) => {
      const { replayStream } = await import('../replay-stream.ts')
      return replayStream(context, flags, args[0]!)
    }, 'out'),
  )

  stream.addHelpText(
    'after',
    examples([
      ['estimand stream run', 'every stream of the project, until Ctrl-C'],
      ['estimand stream run -s clicks --until-caught-up', 'what is there, then end: for a schedule'],
      ['estimand stream status', 'lag, rate and dead letters'],
      [
        'estimand stream replay clicks --from product.events --order-by event_time --rate 5000',
        'a made-up day',
      ],
    ]),
  )
}
