import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** One place in the code, and what stands there once a protection is taken out. */
export interface Cut {
  /** The end of the file's path. */
  readonly file: string;
  readonly text: string;
  readonly becomes: string;
}

/** Protections that can be taken out. */
export const MUTATION_NAMES = [
  'the version guard',
  'the gap check',
  'the epoch check',
  "the change log's unique key",
  'the age of a proof',
  'the stop at the first failure',
  'the turn of what is handed over',
  "the version in a kept answer's name",
  'the judgement of copies',
  'the reading through of what lies on the disk',
  'the check of signatures',
  'the memory of notices',
  'the notices that an answer brings',
  'the pace of questions, where a cause loops',
  'the unique key of sales',
  'the wait for the answer before a sale counts as accepted',
  "the run in a sale's id",
  'the one transaction of a sale and its order',
  'the patience with a server that fails over sales',
  'the unsent sales in the status',
  'the handing in again after a restore',
  'the history in an answer to sales',
  'the history in the other answers',
] as const;

export type Mutation = (typeof MUTATION_NAMES)[number];

const ORDER = 'packages/protocol/src/replica/order.ts';
const SALES_FILE = 'packages/terminal/src/sales/sales-file.ts';
const UPLOADER = 'packages/terminal/src/sales/uploader.ts';
const MOVES = 'packages/protocol/src/replica/moves.ts';

/** Protections of the product, each with the text that has to go for it to be gone. */
export const CUTS: Readonly<Record<Mutation, readonly Cut[]>> = {
  'the version guard': [
    {
      file: MOVES,
      text: "else if (relation === 'behind' || relation === 'same') effects.push(count('stale'));",
      becomes: '',
    },
    {
      file: MOVES,
      text: "compare(change.to, cursor) === 'next')",
      becomes: "['behind', 'same', 'next'].includes(compare(change.to, cursor)))",
    },
  ],
  'the gap check': [
    {
      file: ORDER,
      text: "return other.version === ours.version + 1 ? 'next' : 'ahead';",
      becomes: "return 'next';",
    },
  ],
  'the epoch check': [
    { file: ORDER, text: "if (other.epoch !== ours.epoch) return 'foreign';", becomes: '' },
  ],
  "the change log's unique key": [
    {
      file: 'packages/testkit/src/simulation/memory-database.ts',
      text: 'if (license.changes.has(change.version)) return null;',
      becomes: '',
    },
  ],
  'the age of a proof': [
    {
      file: 'packages/protocol/src/replica/status.ts',
      text: 'proofAgeMs <= PROOF_MAX_AGE_MS',
      becomes: 'proofAgeMs <= Infinity',
    },
  ],
  'the stop at the first failure': [
    {
      file: 'packages/backend/src/relay/outcome.ts',
      text: "if (outcome.outcome === 'failed') failed.add(licenseId);",
      becomes: '',
    },
  ],
  'the turn of what is handed over': [
    {
      file: 'packages/backend/src/relay/relay.ts',
      text: 'this.#handedVersion(licenseId) === version - 1 &&',
      becomes: '',
    },
  ],
  "the version in a kept answer's name": [
    {
      file: 'packages/backend/src/sync-api/sync-routes.ts',
      text: ' ${at.version} ',
      becomes: ' ',
    },
  ],
  'the judgement of copies': [
    {
      file: 'packages/backend/src/fleet/judge-instance.ts',
      text: 'const isCopy = speaksAgain || wentBack;',
      becomes: 'const isCopy = false;',
    },
  ],
  'the reading through of what lies on the disk': [
    {
      file: 'packages/terminal/src/replica/scrubber.ts',
      text: 'if (!isIdle() || cursor === null) return false;',
      becomes: 'return true;',
    },
  ],
  'the check of signatures': [
    {
      file: 'packages/terminal/src/replica/incoming.ts',
      text: 'if (!checkSignature(text, key, signature.signature)) {',
      becomes: 'if (text === "") {',
    },
  ],
  'the memory of notices': [
    {
      file: 'packages/terminal/src/store/notices-table.ts',
      text: 'on conflict (id) do nothing',
      becomes: 'on conflict (id) do update set message = excluded.message',
    },
  ],
  'the notices that an answer brings': [
    {
      file: 'packages/terminal/src/replica/reports.ts',
      text: 'for (const notice of notices) inbox.takeNotice(notice);',
      becomes: 'void [notices, inbox];',
    },
  ],
  // Either holds back what the other lets through.
  'the pace of questions, where a cause loops': [
    {
      file: 'packages/protocol/src/replica/pace.ts',
      text: 'return missing <= 0 ? 0 :',
      becomes: 'return missing < Infinity ? 0 :',
    },
    {
      file: 'packages/protocol/src/replica/ladder.ts',
      text: 'return floorMs + random * (step - floorMs);',
      becomes: 'return 0 * (floorMs + random * step);',
    },
  ],
  'the unique key of sales': [
    {
      file: 'packages/testkit/src/simulation/memory-sales.ts',
      text: 'if (isThere) return [];',
      becomes: '',
    },
  ],
  'the wait for the answer before a sale counts as accepted': [
    {
      file: UPLOADER,
      text: 'const { sent, why } = await',
      becomes:
        "file.takeAnswers(ids.map((id) => ({ id, outcome: 'accepted' })), ''); const { sent, why } = await",
    },
  ],
  "the run in a sale's id": [
    { file: SALES_FILE, text: 'runName(bytes)', becomes: 'runName(bytes.map(() => 7))' },
  ],
  'the one transaction of a sale and its order': [
    {
      file: SALES_FILE,
      text: 'if (order !== null) orders.delete(order.id);',
      becomes:
        "if (order !== null) { for (const sql of ['commit', 'begin immediate']) this.#open.db.exec(sql); orders.delete(order.id); }",
    },
  ],
  'the patience with a server that fails over sales': [
    {
      file: 'packages/terminal/src/sales/send-sales.ts',
      text: '[400, 413, 422]',
      becomes: '[400, 413, 422, 503]',
    },
  ],
  'the unsent sales in the status': [
    {
      file: 'packages/protocol/src/replica/status.ts',
      text: "if (unsentSales > 0) return is('catching_up', 'unsent_sales');",
      becomes: '',
    },
  ],
  'the handing in again after a restore': [
    {
      file: 'packages/terminal/src/sales/sales-table.ts',
      text: 'return Number(this.#doubt.run().changes);',
      becomes: 'return 0;',
    },
  ],
  'the history in an answer to sales': [
    {
      file: UPLOADER,
      text: 'const taken = this.#isOfAnother(sent, history) ? UNANSWERED : sent;',
      becomes: 'const taken = sent;',
    },
  ],
  'the history in the other answers': [
    {
      file: 'packages/terminal/src/replica/history-note.ts',
      text: 'onHistory?.(epoch);',
      becomes: 'void onHistory;',
    },
  ],
};

/**
 * Has every module that is loaded from now on in this thread loaded without the protection. Nothing of it is in the
 * code itself.
 * @returns a function that throws where a text to be replaced was never met: then nothing was taken out
 */
export function takeOut(mutation: Mutation): () => void {
  const cuts: readonly Cut[] = CUTS[mutation];
  const met = new Set<Cut>();
  registerHooks({
    load(url, context, nextLoad) {
      const mine = cuts.filter(({ file }) => url.endsWith(file));
      if (mine.length === 0) return nextLoad(url, context);
      let source = readFileSync(fileURLToPath(url), 'utf8');
      for (const cut of mine) {
        source = withoutText(source, cut, mutation);
        met.add(cut);
      }
      return { ...nextLoad(url, context), source };
    },
  });
  return () => {
    const missed = cuts.filter((cut) => !met.has(cut));
    if (missed.length > 0)
      throw new Error(`Taking out ${mutation}: ${missed[0]?.file ?? ''} was never loaded.`);
  };
}

/** A source without a cut's text. @throws Error where it does not hold that text exactly once */
export function withoutText(source: string, cut: Cut, what: string): string {
  if (source.split(cut.text).length !== 2) {
    throw new Error(`Taking out ${what}: ${cut.file} does not hold exactly once: ${cut.text}`);
  }
  return source.replace(cut.text, () => cut.becomes);
}
