import type { Mix } from './mix.ts';
import type { Deed, Operation } from './operation.ts';
import type { Random } from './random.ts';

/** What happens in some seeds beside all else: by a name, how probably, and how often at most. */
interface Extra {
  readonly name: string;
  readonly probability: number;
  readonly most: number;
  readonly draw: (random: Random, mix: Mix) => Deed;
}

const till = (random: Random, mix: Mix): number => random.int(0, mix.licenses * mix.tills - 1);

const EXTRAS: readonly Extra[] = [
  {
    name: 'announcements',
    probability: 0.35,
    most: 4,
    // Some expire before they can reach anybody who is away.
    draw: (random) => ({ deed: 'announce', expiresInS: random.chance(0.3) ? random.int(1, 20) : 3_600 }),
  },
  {
    name: 'forged notices',
    probability: 0.15,
    most: 2,
    draw: (random, mix) => ({
      deed: 'forgeNotice',
      till: till(random, mix),
      isSigned: random.chance(0.5),
    }),
  },
  {
    name: 'clones',
    probability: 0.12,
    most: 2,
    draw: (random, mix) => ({
      deed: 'cloneTill',
      till: till(random, mix),
      afterMs: Math.round(random.between(0, 10_000)),
    }),
  },
  {
    name: 'old copies',
    probability: 0.08,
    most: 1,
    draw: (random, mix) => ({
      deed: 'goBackTill',
      till: till(random, mix),
      afterMs: Math.round(random.between(1_000, 20_000)),
      downMs: Math.round(random.between(50, 4_000)),
    }),
  },
  {
    name: 'rot',
    probability: 0.12,
    most: 2,
    draw: (random, mix) => ({
      deed: 'rotTill',
      till: till(random, mix),
      where: random.next(),
      inText: random.chance(0.7),
    }),
  },
];

/** Draws what happens in some seeds only, each kind from a stream of its own. */
export function drawMore(random: Random, mix: Mix, durationMs: number): readonly Operation[] {
  return EXTRAS.flatMap(({ name, probability, most, draw }) => {
    const stream = random.fork(name);
    if (!stream.chance(probability)) return [];
    return Array.from({ length: stream.int(1, most) }, (): Operation => {
      const lastMs = durationMs - 1;
      const atMs = Math.min(Math.round(stream.next() * durationMs), lastMs);
      const deed = draw(stream, mix);
      // What is written again is no longer rotten: most of it is to come when little is written any more.
      return { ...deed, atMs: deed.deed === 'rotTill' && stream.chance(0.7) ? lastMs : atMs };
    });
  });
}
