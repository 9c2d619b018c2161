import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressKey } from '../../../src/http/limits/address-key.ts';
import { Meter } from '../../../src/http/limits/meter.ts';
import { licensePolicy } from '../../../src/http/limits/policies.ts';

const POLICY = { name: 'test', quota: 10, windowS: 5 };

function meterAt(start: number): { readonly meter: Meter; clock: number } {
  const time = { clock: start };
  return Object.assign(time, { meter: new Meter({ maxKeys: 1_000, now: () => time.clock }) });
}

describe('a meter', () => {
  test('[F1] lets the quota through at once, and refuses what is beyond it', () => {
    const { meter } = meterAt(0);
    const verdicts = Array.from({ length: 12 }, () => meter.take(POLICY, 'a'));
    expect(verdicts.map(({ allowed }) => allowed)).toEqual([...Array(10).fill(true), false, false]);
    expect(verdicts.map(({ remaining }) => remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]);
    expect(meter.take(POLICY, 'b').allowed).toBe(true);
  });

  test('[F2] what it says is when one is allowed again, however often it was asked meanwhile', () => {
    const on = meterAt(1_000_000);
    for (let index = 0; index < 10; index += 1) on.meter.take(POLICY, 'a');
    for (let index = 0; index < 1_000; index += 1) on.meter.take(POLICY, 'a');
    const { resetMs, allowed } = on.meter.take(POLICY, 'a');
    expect({ allowed, resetMs }).toEqual({ allowed: false, resetMs: 500 });
    on.clock += resetMs;
    expect(on.meter.take(POLICY, 'a').allowed).toBe(true);
    expect(on.meter.take(POLICY, 'a').allowed).toBe(false);
  });

  test('[F1] in no stretch of time, wherever it begins, does a key get more than the quota and what came back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 }), (pauses) => {
        const on = meterAt(0);
        const allowedAt: number[] = [];
        for (const pause of pauses) {
          on.clock += pause;
          if (on.meter.take(POLICY, 'a').allowed) allowedAt.push(on.clock);
        }
        for (const [first, begin] of allowedAt.entries()) {
          for (const [last, end] of allowedAt.entries()) {
            if (last < first) continue;
            const most = POLICY.quota + ((end - begin) / 1000 / POLICY.windowS) * POLICY.quota;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6);
          }
        }
      }),
    );
  });

  test('[F4] a million made-up keys leave no more than the bound behind', () => {
    const { meter } = meterAt(0);
    for (let index = 0; index < 1_000_000; index += 1) meter.take(POLICY, `key ${index}`);
    expect(meter.size).toBe(1_000);
  });
});

describe('an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('[F1] %s is counted as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

test('[F1] a license gets more the more terminals it may have, up to a bound', () => {
  const quotas = [0, 1, 10, 100, 1_000, 100_000].map((terminals) => licensePolicy(terminals).quota);
  expect(quotas).toEqual([200, 220, 400, 2_200, 6_000, 6_000]);
});
