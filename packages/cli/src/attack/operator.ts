import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  ADMIN_PATHS,
  type AuditPage,
  auditPageSchema,
  commitResultSchema,
  createdLicenseSchema,
  MAX_AUDIT_ENTRIES,
} from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { z } from 'zod';
import { type HttpProbe, type ProbeAnswer, told } from './http-probe.ts';
import type { Operator } from './stage.ts';

const PRODUCT = 'ATTACK-1';

/** A refusal's code, or the codes of several that were written as one. */
const detailSchema = z.object({ code: z.string().optional(), codes: z.string().optional() });

/** Creates throw-away licenses, changes their prices, and ends them. */
export class ThrowAwayLicenses implements Operator {
  readonly apiKey: string;
  readonly #api: HttpProbe;
  readonly #codes = new Map<LicenseKey, string>();
  #price = randomInt(1, 500);
  /** The last entry of the audit log that was read. */
  #readUpTo: number | null = null;
  readonly #audited = new Set<string>();

  constructor(api: HttpProbe, apiKey: string) {
    this.#api = api;
    this.apiKey = apiKey;
  }

  /** A license with one product of this name. */
  async create(licenseKey: LicenseKey, productName: string): Promise<void> {
    this.#readUpTo ??= (await this.#audit(0, 1)).head.number;
    const asked = { key: licenseKey, name: 'Throw-away of the attack suite', terminals_max: 5 };
    const made = createdLicenseSchema.parse(await this.#ask(ADMIN_PATHS.licenses, asked));
    this.#codes.set(licenseKey, made.activation_code);
    const item = { id: PRODUCT, name: productName, price: 1, currency: 'EUR' };
    await this.#ask(ADMIN_PATHS.changes(licenseKey), { operations: [{ op: 'put', kind: 'product', item }] });
  }

  activationCode(licenseKey: LicenseKey): string {
    return this.#codes.get(licenseKey) ?? '';
  }

  async changePrice(licenseKey: LicenseKey): Promise<{ readonly version: number }> {
    this.#price += 1;
    const operations = [{ op: 'set_price', product_id: PRODUCT, price: this.#price }];
    return commitResultSchema.parse(await this.#ask(ADMIN_PATHS.changes(licenseKey), { operations }));
  }

  async auditedRefusals(): Promise<ReadonlySet<string>> {
    for (;;) {
      const { entries } = await this.#audit(this.#readUpTo ?? 0, MAX_AUDIT_ENTRIES);
      for (const { number, act, detail } of entries) {
        this.#readUpTo = number;
        if (!act.endsWith('.refused')) continue;
        const { code, codes } = detailSchema.parse(JSON.parse(detail));
        for (const each of (code ?? codes ?? '').split(' ')) this.#audited.add(`${act} ${each}`);
      }
      if (entries.length < MAX_AUDIT_ENTRIES) return this.#audited;
    }
  }

  /** Revokes them for good: their tills are cut off, their keys are never used again. */
  async end(): Promise<void> {
    for (const licenseKey of this.#codes.keys()) await this.#ask(ADMIN_PATHS.revoke(licenseKey), {});
  }

  async #audit(after: number, limit: number): Promise<AuditPage> {
    return auditPageSchema.parse(await this.#ask(`${ADMIN_PATHS.audit}?after=${after}&limit=${limit}`));
  }

  /** @param body left out: it is only read */
  async #ask(path: string, body?: object): Promise<unknown> {
    const authorization = `Bearer ${this.apiKey}`;
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#api.send({
        path,
        ...(body === undefined
          ? { headers: { authorization } }
          : {
              method: 'POST',
              headers: { authorization, 'content-type': 'application/json' },
              body: JSON.stringify(body),
            }),
      });
      if (answer.status >= 200 && answer.status < 300) return answer.json();
      if (![429, 503].includes(answer.status) || tries > 10) throw refused(path, answer);
      await sleep(retryAfterMs(answer));
    }
  }
}

/** How long an answer asks to wait, within reason. */
export function retryAfterMs(answer: ProbeAnswer): number {
  const seconds = Number(answer.headers['retry-after'] ?? 1);
  return Math.min(Number.isFinite(seconds) ? seconds : 1, 60) * 1_000;
}

function refused(path: string, answer: ProbeAnswer): TillcastError {
  const what = answer.status === 0 ? answer.text : `${told(answer)}`;
  const code = answer.status === 401 ? 'api_key_invalid' : 'answer_invalid';
  return new TillcastError(code, `The attacks cannot be set up: ${path} was answered by ${what}.`);
}
