import type { Operation as CatalogOperation } from '@tillcast/protocol/operation';
import type { Mix } from './mix.ts';
import type { Deed, Operation } from './operation.ts';
import type { Random } from './random.ts';

type Draw = (random: Random, mix: Mix) => Deed;

const DAY_MS = 86_400_000;

const till = (random: Random, mix: Mix): number => random.int(0, mix.licenses * mix.tills - 1);
const license = (random: Random, mix: Mix): number => random.int(1, mix.licenses);
const relay = (random: Random, mix: Mix): number => random.int(0, mix.relays - 1);
/** Mostly short, at times longer than any patience. */
const spanMs = (random: Random): number =>
  Math.round(random.chance(0.7) ? random.between(50, 4_000) : random.between(4_000, 30_000));

const FAULTS: readonly Draw[] = [
  (random, mix) => ({ deed: random.chance(0.4) ? 'suspend' : 'resume', license: license(random, mix) }),
  (random) => ({ deed: random.chance(0.5) ? 'backup' : 'restore' }),
  (random, mix) => ({ deed: 'forgetHistory', license: license(random, mix) }),
  (random, mix) => ({ deed: 'crashTill', till: till(random, mix), downMs: spanMs(random), flipAt: null }),
  (random, mix) => ({
    deed: 'crashTill',
    till: till(random, mix),
    downMs: spanMs(random),
    flipAt: random.next(),
  }),
  (random, mix) => ({ deed: 'freezeTill', till: till(random, mix), ms: spanMs(random) }),
  (random, mix) => ({ deed: 'fillDisk', till: till(random, mix), ms: spanMs(random) }),
  (random, mix) => ({ deed: 'setClock', till: till(random, mix), byMs: clockStepMs(random) }),
  (random, mix) => ({ deed: 'crashRelay', relay: relay(random, mix), ms: spanMs(random) }),
  (random, mix) => ({ deed: 'freezeRelay', relay: relay(random, mix), ms: spanMs(random) }),
  (random, mix) => {
    return {
      deed: 'cutOffTill',
      till: till(random, mix),
      from: random.pick(['broker', 'api', 'both']),
      ms: spanMs(random),
    };
  },
  (random, mix) => {
    return {
      deed: 'cutOffRelay',
      relay: relay(random, mix),
      from: random.pick(['broker', 'database']),
      ms: spanMs(random),
    };
  },
  (random) => ({ deed: 'restartBroker', ms: spanMs(random) }),
  (random, mix) => ({ deed: 'breakLine', till: till(random, mix) }),
  (random, mix) => ({ deed: 'deleteQueue', till: till(random, mix) }),
  (random, mix) => ({ deed: 'unbind', till: till(random, mix) }),
  (random, mix) => ({ deed: 'syncNow', till: till(random, mix) }),
  (random) => ({ deed: 'api', health: random.pick(['failing', 'silent']), ms: spanMs(random) }),
  (random, mix) => {
    const how = random.pick([
      'otherLicense',
      'rerouted',
      'forged',
      'unsigned',
      'replayed',
      'replayed',
    ] as const);
    return {
      deed: 'mischief',
      till: till(random, mix),
      license: license(random, mix),
      how,
      which: random.next(),
    };
  },
];

/** Draws what is done and what goes wrong in a run: each seed has its own selection of faults. */
export function drawOperations(
  random: Random,
  mix: Mix,
  count: number,
  durationMs: number,
): readonly Operation[] {
  const faults = FAULTS.filter(() => random.chance(0.35));
  const faultShare = faults.length === 0 ? 0 : random.between(0.1, 0.6);
  const operations: Operation[] = [];
  let atMs = 0;
  for (let index = 0; index < count; index += 1) {
    // Often many at once.
    atMs = random.chance(0.4) ? atMs + random.next() * 30 : random.next() * durationMs;
    const draw = random.chance(faultShare) ? random.pick(faults) : drawCommit;
    operations.push({ ...draw(random, mix), atMs: Math.min(Math.round(atMs), durationMs - 1) });
  }
  return operations.toSorted((a, b) => a.atMs - b.atMs);
}

/** An edit, a deletion, a price; at times an import of many. */
export function drawCommit(random: Random, mix: Mix): Deed {
  const count = random.chance(0.8) ? 1 : random.int(2, 12);
  const operations = Array.from({ length: count }, () => drawCatalogOperation(random, mix));
  const thinkMs = random.chance(0.5) ? random.between(0, 50) : 0;
  return { deed: 'commit', license: license(random, mix), operations, thinkMs, bare: random.chance(0.1) };
}

function drawCatalogOperation(random: Random, mix: Mix): CatalogOperation {
  const number = random.int(1, mix.items);
  const price = random.int(0, 5_000) / 100;
  const product = { id: `P${number}`, name: `Product ${number}`, price, currency: 'GBP' };
  const fate = random.next();
  if (fate < 0.4) return { op: 'set_price', product_id: product.id, price };
  if (fate < 0.7) return { op: 'put', kind: 'product', item: product };
  if (fate < 0.8) {
    return { op: 'put', kind: 'category', item: { id: `C${number}`, name: `Category ${random.int(1, 99)}` } };
  }
  return random.chance(0.7)
    ? { op: 'delete', kind: 'product', id: product.id }
    : { op: 'delete', kind: 'category', id: `C${number}` };
}

/** Set a little or much, ahead or back. */
function clockStepMs(random: Random): number {
  const size = random.chance(0.5) ? random.between(100, 40_000) : random.between(40_000, DAY_MS);
  return Math.round(random.chance(0.6) ? -size : size);
}
