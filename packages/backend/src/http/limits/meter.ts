import { LRUCache } from 'lru-cache';
import type { LimitPolicy } from './policies.ts';

/** What a policy says of one request. */
export interface Verdict {
  readonly policy: LimitPolicy;
  readonly allowed: boolean;
  /** How many more would be allowed at this moment. */
  readonly remaining: number;
  /** When refused: until one is allowed again. Else: until the quota is whole. */
  readonly resetMs: number;
}

/**
 * Counts what keys use of a policy, by the generic cell rate algorithm: one number for a key, the moment at
 * which its quota is whole again. There are no windows to begin in, so nobody gets twice the quota around
 * their border. What is refused is not counted: who is refused and waits as told is let in.
 *
 * Keeps the `maxKeys` keys that were used last, so that a flood of made-up keys costs no more memory than
 * that; what such a flood pushes out begins anew.
 */
export class Meter {
  readonly #wholeAt: LRUCache<string, number>;
  readonly #now: () => number;

  /** @param options.now milliseconds that only ever grow */
  constructor(options: { readonly maxKeys: number; readonly now: () => number }) {
    this.#wholeAt = new LRUCache({ max: options.maxKeys });
    this.#now = options.now;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#wholeAt.size;
  }

  /** Takes one of the key's quota, if there is one. */
  take(policy: LimitPolicy, key: string): Verdict {
    const verdict = this.look(policy, key);
    if (!verdict.allowed) return verdict;
    const usedMs = verdict.resetMs + oneMsOf(policy);
    this.#wholeAt.set(nameOf(policy, key), this.#now() + usedMs);
    return { ...verdict, remaining: verdict.remaining - 1, resetMs: usedMs };
  }

  /** What the key has left, without taking any of it. */
  look(policy: LimitPolicy, key: string): Verdict {
    const windowMs = policy.windowS * 1000;
    const oneMs = oneMsOf(policy);
    const usedMs = this.#usedMs(policy, key);
    const waitMs = usedMs + oneMs - windowMs;
    // The sum of many parts of a millisecond is a little off.
    if (waitMs > ROUNDING_MS) return { policy, allowed: false, remaining: 0, resetMs: waitMs };
    const remaining = Math.floor((windowMs - usedMs + ROUNDING_MS) / oneMs);
    return { policy, allowed: true, remaining, resetMs: usedMs };
  }

  /** Whether the key's quota is not whole. */
  isUsed(policy: LimitPolicy, key: string): boolean {
    return this.#usedMs(policy, key) > ROUNDING_MS;
  }

  /** Until the key's quota is whole. */
  #usedMs(policy: LimitPolicy, key: string): number {
    const now = this.#now();
    return Math.max((this.#wholeAt.get(nameOf(policy, key)) ?? now) - now, 0);
  }
}

const ROUNDING_MS = 1e-3;

function nameOf(policy: LimitPolicy, key: string): string {
  return `${policy.name} ${key}`;
}

function oneMsOf(policy: LimitPolicy): number {
  return (policy.windowS * 1000) / policy.quota;
}
