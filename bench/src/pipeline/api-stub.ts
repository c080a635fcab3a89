/**
 * An API that takes every command at once, single or bulk, and notes when it acknowledged each event.
 *
 * Environment: USERS, as `ArrivalLog` takes it. `GET /progress` answers what has come, `GET /times?first=N&count=N`
 * when each did, and `GET /times-come?first=N&count=N` how often. Logs `listening` with its `url`.
 */
import { answerOf, listenRaw } from '../dispatcher/raw-server.ts';
import { ArrivalLog } from './arrival-log.ts';
import { sequenceIn, sequenceOf } from '../event-load/events.ts';
import { monotonicMs } from '../event-load/monotonic.ts';

interface BulkBody {
  readonly commands: readonly { readonly id: string; readonly properties: Readonly<Record<string, unknown>> }[];
}

const log = new ArrivalLog(Number(process.env['USERS']));
const APPLIED = answerOf('{"result":"applied"}');

function answerTo(head: string, body: string): Buffer {
  if (head.startsWith('GET /progress ')) return answerOf(JSON.stringify(log.progress()));
  const asked = /^GET \/times\?first=(\d+)&count=(\d+) /.exec(head);
  if (asked !== null) return answerOf(JSON.stringify(log.times(Number(asked[1]), Number(asked[2]))));
  const counted = /^GET \/times-come\?first=(\d+)&count=(\d+) /.exec(head);
  if (counted !== null) return answerOf(JSON.stringify(log.timesCome(Number(counted[1]), Number(counted[2]))));
  if (!head.startsWith('POST /v1/commands ')) {
    log.add(sequenceOf(body), monotonicMs());
    return APPLIED;
  }
  const { commands } = JSON.parse(body) as BulkBody;
  const atMs = monotonicMs();
  for (const { properties } of commands) log.add(sequenceIn(properties), atMs);
  return answerOf(JSON.stringify({ results: commands.map(({ id }) => ({ id, status: 200, result: 'applied' })) }));
}

listenRaw((socket, head, body) => socket.write(answerTo(head, body)));
