import { broadcastOf, outgoingBroadcast } from '@tillcast/backend/internals';
import type { BroadcastRequest } from '@tillcast/protocol/http/admin-api';
import type { DeedOf } from './operation.ts';
import { copyData } from './till-files.ts';
import type { World } from './world.ts';

/** A notice for every till. */
export function doAnnounce({ database, chronicle }: World, expiresInS: number): void {
  chronicle.announced(database.createBroadcast(noticeOf('The shop closes at six', expiresInS)));
}

function noticeOf(message: string, expiresInS: number): BroadcastRequest {
  return { type: 'system_notice', message, severity: 'info', expires_in_s: expiresInS };
}

/** What the broker's operator can do without the server's key. */
export function doForgeNotice(world: World, { till: index, isSigned }: DeedOf<'forgeNotice'>): void {
  const { database, seats, broker, surroundings } = world;
  const queue = broker.queue(seats[index]?.till.running?.line.queue ?? '');
  const { signer, newId } = database.options;
  const now = new Date(surroundings.wallMs());
  const made = broadcastOf(noticeOf('All is well', 3_600), { now, signer, newId });
  const message = made.message.replace('All is well', 'Call this number');
  const signature = isSigned ? made.signature : null;
  queue?.deliver(outgoingBroadcast({ ...made, message, signature }));
}

/** A till's data are copied; who goes on with the copy, and when, says the deed. */
export function doCopyTill(world: World, deed: DeedOf<'cloneTill'> | DeedOf<'goBackTill'>): void {
  const seat = world.seats[deed.till];
  if (seat === undefined) return;
  const copy = world.newFolder();
  copyData(seat.till.folder, copy);
  const { memory } = seat.watch;
  world.scheduler.after(deed.afterMs, () => {
    if (deed.deed === 'cloneTill') return world.startClone(seat, copy, memory);
    world.answers.copied(seat.till.options.terminalId);
    return seat.till.goBackTo(copy, deed.downMs, () => {
      seat.watch.recall(memory);
      world.releaseSales();
    });
  });
}
