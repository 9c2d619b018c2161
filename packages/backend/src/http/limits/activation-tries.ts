import type { Meter, Verdict } from './meter.ts';
import { POLICIES } from './policies.ts';

/**
 * Codes that were tried for a license key in vain, by the address they came from and from all addresses
 * together. Who has the code is not counted. Strangers who guess for a key that they know may so use up
 * what addresses have that failed before, and never the first try of any other: the till that has the code
 * is let in, whatever they do. (Guessing 128 bits is hopeless without any limit; this one is for the work.)
 */
export class ActivationTries {
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Whether an address may try a code for a license key: what each policy says that has a say in it. */
  look(licenseKey: string, address: string): readonly Verdict[] {
    const own = this.#meter.look(POLICIES.activationFailures, `${address} ${licenseKey}`);
    const all = this.#meter.look(POLICIES.activationLicense, licenseKey);
    if (!own.allowed || all.allowed) return [own, all];
    // Who has not failed lately, or whose failures are forgotten, is nobody who guesses.
    if (!this.#meter.isUsed(POLICIES.activationFailures, `${address} ${licenseKey}`)) return [own];
    return [own, { ...all, resetMs: Math.min(all.resetMs, own.resetMs) }];
  }

  /** Counts a code that was wrong. */
  failed(licenseKey: string, address: string): void {
    this.#meter.take(POLICIES.activationFailures, `${address} ${licenseKey}`);
    this.#meter.take(POLICIES.activationLicense, licenseKey);
  }
}
