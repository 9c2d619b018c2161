import { textOf } from './till-watch.ts';
import type { Seat, World } from './world.ts';

/** What keeps a world from being as it should; null where it is. */
export function whyNotConverged(world: World): string | null {
  const { seats, chronicle, database } = world;
  for (const { licenseId, till } of seats) {
    const { epoch, version } = chronicle.newest(licenseId);
    const cursor = till.running?.store.cursor ?? null;
    const word = till.status?.status ?? 'off';
    if (cursor?.epoch === epoch && cursor.version === version && word === 'live') continue;
    const { reason = null } = till.status ?? {};
    const state = till.running?.driver.state.name ?? 'off';
    return `${till.options.name} holds ${textOf(cursor)} of ${epoch} v${version}, is ${state} and shows ${word} (${reason})`;
  }
  for (const seat of seats) {
    const why = whyNotTold(world, seat);
    if (why !== null) return `${seat.till.options.name} ${why}`;
  }
  for (const { key, version, publishedVersion } of database.licenses.values()) {
    if (publishedVersion < version) return `${key} is at v${version}, published up to v${publishedVersion}`;
  }
  const missing = world.sales.missing();
  if (missing !== null) return `sale ${missing} is not on the server`;
  const [waiting] = database.broadcasts.waiting();
  return waiting === undefined ? null : `notice ${waiting.id} waits to be published`;
}

/** What is not right with a till's rows, where a byte of its file flipped while it ran; null for nothing. */
export function whyNotMended({ seats }: World): string | null {
  return seats.map(({ watch }) => watch.whyNotMended()).find((why) => why !== null) ?? null;
}

/** N1, N4 and P5: it has every notice in force, its sales are with the server, and it knows that another till speaks in its name. */
function whyNotTold({ database, seats }: World, { till, watch }: Seat): string | null {
  const unsettled = watch.sales.whyUnsettled();
  if (unsettled !== null) return unsettled;
  const { terminalId } = till.options;
  const active = database.broadcasts.active();
  const lacking = active.find(({ id }) => watch.lacks(id));
  if (lacking !== undefined) return `was never told notice ${lacking.id}`;
  const ofThis = seats.filter(({ till: other }) => other.options.terminalId === terminalId);
  if (ofThis.length < 2 || till.running?.driver.cloned === true) return null;
  return `is one of ${ofThis.length} copies, and was not told so`;
}
