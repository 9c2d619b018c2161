/** After so long without a failure a license's failures are forgotten: another backend has done it. */
const FORGET_AFTER_MS = 60_000;

interface Retry {
  readonly failures: number;
  /** Not tried again before, by the caller's clock. */
  readonly notBeforeMs: number;
}

/** Which licenses failed how often, and which of them are left alone for now. */
export class LicenseRetries {
  readonly #retries = new Map<number, Retry>();

  failuresOf(licenseId: number): number {
    return this.#retries.get(licenseId)?.failures ?? 0;
  }

  failed(licenseId: number, notBeforeMs: number): void {
    this.#retries.set(licenseId, { failures: this.failuresOf(licenseId) + 1, notBeforeMs });
  }

  succeeded(licenseId: number): void {
    this.#retries.delete(licenseId);
  }

  /** All may be tried at once; how often they failed stays known. */
  allowAll(nowMs: number): void {
    for (const [licenseId, retry] of this.#retries) {
      this.#retries.set(licenseId, { ...retry, notBeforeMs: Math.min(retry.notBeforeMs, nowMs) });
    }
  }

  /** The licenses that are not to be tried yet. */
  waiting(nowMs: number): readonly number[] {
    const waiting: number[] = [];
    for (const [licenseId, { notBeforeMs }] of this.#retries) {
      if (notBeforeMs > nowMs) waiting.push(licenseId);
      else if (notBeforeMs + FORGET_AFTER_MS < nowMs) this.#retries.delete(licenseId);
    }
    return waiting;
  }
}
