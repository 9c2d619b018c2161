import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ActivationTries } from '../../../src/http/limits/activation-tries.ts';
import { Meter } from '../../../src/http/limits/meter.ts';
import { POLICIES } from '../../../src/http/limits/policies.ts';

const KEY = 'EXTRO-LIFE-ABC123';
const OWN = POLICIES.activationFailures;
const ALL = POLICIES.activationLicense;

function triesAt(start: number): { readonly tries: ActivationTries; clock: number } {
  const time = { clock: start };
  const meter = new Meter({ maxKeys: 50_000, now: () => time.clock });
  return Object.assign(time, { tries: new ActivationTries(meter) });
}

function isAllowed(tries: ActivationTries, address: string, key = KEY): boolean {
  return tries.look(key, address).every(({ allowed }) => allowed);
}

/** Guesses once from each of so many addresses. */
function guessFrom(tries: ActivationTries, addresses: number): void {
  for (let address = 0; address < addresses; address += 1) tries.failed(KEY, `address ${address}`);
}

test('[F9] beyond the bound of all addresses, those that failed before are refused, and no other', () => {
  const on = triesAt(0);
  guessFrom(on.tries, ALL.quota - 1);
  expect(isAllowed(on.tries, 'address 7')).toBe(true);
  guessFrom(on.tries, 1);
  expect(isAllowed(on.tries, 'address 7')).toBe(false);
  expect(isAllowed(on.tries, 'the till')).toBe(true);
  expect(isAllowed(on.tries, 'address 7', 'EXTRO-LIFE-XYZ789')).toBe(true);
});

test('[F2] [F9] who waits as told is let in, if nobody fails meanwhile', () => {
  const on = triesAt(0);
  guessFrom(on.tries, ALL.quota + 10);
  const refused = on.tries.look(KEY, 'address 7').find(({ allowed }) => !allowed);
  expect(refused?.policy).toBe(ALL);
  on.clock += refused?.resetMs ?? 0;
  expect(isAllowed(on.tries, 'address 7')).toBe(true);
});

test('[F9] an address that has not failed is let in, whatever all the others do', () => {
  const step = fc.record({ from: fc.integer({ min: 0, max: 60 }), pauseMs: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 900, maxLength: 1_500 }), (steps) => {
      const on = triesAt(1_000);
      for (const { from, pauseMs } of steps) {
        on.clock += pauseMs;
        const address = `address ${from}`;
        if (isAllowed(on.tries, address)) on.tries.failed(KEY, address);
        expect(on.tries.look(KEY, address).every(({ resetMs }) => resetMs <= OWN.windowS * 1000)).toBe(true);
      }
      expect(isAllowed(on.tries, 'the till')).toBe(true);
    }),
    // A smaller example would say no more, and looking for one takes minutes.
    { numRuns: 20, endOnFailure: true },
  );
});
