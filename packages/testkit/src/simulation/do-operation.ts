import { type Change, type PreparedOperation, prepareOperations } from '@tillcast/backend/internals';
import { encodeContent, type OutgoingMessage } from '@tillcast/broker';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { routingKeyOf } from '@tillcast/protocol/routing';
import { z } from 'zod';
import { doRefund, doSell } from './cashier.ts';
import { doAnnounce, doCopyTill, doForgeNotice } from './do-more.ts';
import type { Draft, MemoryDatabase } from './memory-database.ts';
import { type DeedOf, describe, type Mischief, type Operation } from './operation.ts';
import type { Seat, World } from './world.ts';

/** A backup that was taken, if any. */
export interface Vault {
  backup: MemoryDatabase | null;
}

/** Does an operation to a world; what it names and is not there is left alone. */
export function doOperation(world: World, vault: Vault, operation: Operation): void {
  const { scheduler, database, broker } = world;
  const { nowMs } = scheduler;
  const { partitions } = world.surroundings;
  world.trace.add('·', () => describe(operation));
  switch (operation.deed) {
    case 'commit':
      return doCommit(world, operation);
    case 'suspend':
      database.setStatus(operation.license, 'suspended');
      for (const { till } of seatsOf(world, operation.license)) till.shutOut();
      return;
    case 'resume':
      database.setStatus(operation.license, 'active');
      for (const { till } of seatsOf(world, operation.license)) till.letIn();
      return;
    case 'backup':
      vault.backup = database.copy(({ epoch }) => epoch);
      return;
    case 'restore':
      return doRestore(world, vault);
    case 'forgetHistory': {
      const license = database.get(operation.license);
      license.historyFloor = license.version;
      return;
    }
    case 'crashTill':
      return doCrashTill(world, operation);
    case 'freezeTill':
      return world.seats[operation.till]?.till.freeze(nowMs + operation.ms);
    case 'fillDisk':
      return world.seats[operation.till]?.till.fillDisk(nowMs + operation.ms);
    case 'setClock':
      return world.seats[operation.till]?.till.setClock(operation.byMs);
    case 'crashRelay': {
      const relay = world.relays[operation.relay];
      relay?.kill();
      scheduler.after(operation.ms, () => relay?.start());
      return;
    }
    case 'freezeRelay':
      return world.relays[operation.relay]?.freeze(nowMs + operation.ms);
    case 'cutOffTill': {
      const till = world.seats[operation.till]?.till;
      if (till === undefined) return;
      const untilMs = nowMs + operation.ms;
      if (operation.from !== 'broker') partitions.cut(till.options.name, 'api', untilMs);
      if (operation.from === 'api') return;
      partitions.cut(till.options.name, 'broker', untilMs);
      till.running?.line.line.cutOffUntil(untilMs);
      return;
    }
    case 'cutOffRelay': {
      const relay = world.relays[operation.relay];
      if (relay === undefined) return;
      const untilMs = nowMs + operation.ms;
      partitions.cut(relay.name, operation.from, untilMs);
      if (operation.from === 'broker') relay.publisher?.line.cutOffUntil(untilMs);
      return;
    }
    case 'restartBroker':
      return broker.restart(operation.ms);
    case 'breakLine':
      return world.seats[operation.till]?.till.running?.line.line.cut();
    case 'deleteQueue':
    case 'unbind': {
      const queue = world.seats[operation.till]?.till.running?.line.queue ?? '';
      if (operation.deed === 'deleteQueue') broker.deleteQueue(queue);
      else broker.queue(queue)?.bindings.clear();
      return;
    }
    case 'syncNow':
      return world.seats[operation.till]?.till.syncNow();
    case 'api':
      world.apiHealth = operation.health;
      scheduler.after(operation.ms, () => {
        world.apiHealth = 'well';
      });
      return;
    case 'announce':
      return doAnnounce(world, operation.expiresInS);
    case 'forgeNotice':
      return doForgeNotice(world, operation);
    case 'cloneTill':
    case 'goBackTill':
      return doCopyTill(world, operation);
    case 'rotTill': {
      const seat = world.seats[operation.till];
      if (seat?.till.rot(operation.where, operation.inText) === true) seat.watch.rotted();
      return;
    }
    case 'sell':
      return doSell(world, operation);
    case 'refund':
      return doRefund(world, operation);
    case 'mischief':
      return doMischief(world, operation);
  }
}

function seatsOf(world: World, license: number): readonly Seat[] {
  return world.seats.filter(({ licenseId }) => licenseId === license);
}

function doCommit(world: World, { license, operations, thinkMs, bare }: DeedOf<'commit'>): void {
  const { scheduler } = world;
  const marked = operations.map((each) => markedOf(each, license));
  const prepared = prepareOperations(marked);
  const draft = draftOf(world.database, license, prepared, bare);
  const write = (): void => {
    // Between the reading and the writing another may have committed: then all is done again.
    const { database } = world;
    const change = database.write(draft) ?? database.write(draftOf(database, license, prepared, bare));
    if (change !== null) world.committed(license, change);
  };
  if (thinkMs === 0) write();
  else scheduler.after(thinkMs, write);
}

const namedSchema = z.looseObject({ name: z.string() });

/** What a license's rows hold names it, so that one that strayed would show. */
function markedOf<T extends DeedOf<'commit'>['operations'][number]>(operation: T, license: number): T {
  if (operation.op !== 'put') return operation;
  const item = namedSchema.parse(operation.item);
  return { ...operation, item: { ...item, name: `${item.name} of license ${license}` } };
}

function draftOf(
  database: MemoryDatabase,
  license: number,
  prepared: readonly PreparedOperation[],
  bare: boolean,
): Draft {
  const draft = database.draft(license, prepared);
  if (!bare || draft.content === null) return draft;
  // As of a change that is too large for a message.
  const payload = JSON.stringify({ count: draft.rows.length, rows: null });
  return { ...draft, content: { type: 'catalog_update', payload } };
}

function doRestore(world: World, vault: Vault): void {
  const { backup } = vault;
  if (backup === null) return;
  world.restore(backup);
  // Each relay goes on with the database that was until it is restarted with the new one.
  const random = world.surroundings.random.fork(`restore at ${world.scheduler.nowMs}`);
  for (const relay of world.relays) {
    world.scheduler.after(random.between(0, 3_000), () => {
      relay.kill();
      relay.start();
    });
  }
  for (const license of world.database.licenses.values()) {
    for (const { till } of seatsOf(world, license.id)) {
      if (license.status === 'active') till.letIn();
      else till.shutOut();
    }
  }
}

function doCrashTill(world: World, { till: index, downMs, flipAt }: DeedOf<'crashTill'>): void {
  const seat = world.seats[index];
  if (seat === undefined) return;
  seat.till.crash('by a power cut');
  if (flipAt !== null) {
    world.scheduler.after(downMs / 2, () => {
      if (seat.till.corrupt(flipAt)) seat.watch.damaged();
    });
  }
  world.scheduler.after(downMs, () => seat.till.start());
}

/** The broker itself hands a till what is not for it, or not for now. */
function doMischief(world: World, { till: index, license, how, which }: DeedOf<'mischief'>): void {
  const seat = world.seats[index];
  if (seat === undefined) return;
  const from = world.database.get(how === 'replayed' ? seat.licenseId : license);
  const changes = [...from.changes.values()];
  const change = changes[Math.floor(which * changes.length)];
  const queue = world.broker.queue(seat.till.running?.line.queue ?? '');
  if (change === undefined || queue === undefined) return;
  if (how !== 'replayed' && from.id === seat.licenseId && how !== 'forged' && how !== 'unsigned') return;
  queue.deliver(mischievous(how, change, from.key, seat.till.options.licenseKey));
}

function mischievous(how: Mischief, change: Change, from: LicenseKey, to: LicenseKey): OutgoingMessage {
  const { id, type, message, signature, committedAt, version } = change;
  const forged = message.replaceAll(from, to).replace(`"version":${version}`, `"version":${version + 1}`);
  const text = how === 'forged' || how === 'unsigned' ? forged : message;
  return {
    routingKey: routingKeyOf(how === 'otherLicense' ? from : to, type),
    messageId: id,
    type,
    timestampMs: committedAt.getTime(),
    headers: how === 'unsigned' ? {} : { [SIGNATURE_HEADER]: signature },
    ...encodeContent(Buffer.from(text)),
  };
}
