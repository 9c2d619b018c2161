import { type AuditBreak, AuditVerifier } from '@tillcast/protocol/audit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditedAct, appendAudit } from '../../src/audit/append-audit.ts';
import { listAudit } from '../../src/audit/list-audit.ts';
import type { Database } from '../../src/database/database.ts';
import { asOwner } from '../database/as-owner.ts';
import { context, newLicense } from './fixture.ts';

/** Recomputes the whole log. @returns the first break; null where there is none */
async function verified(
  database: Database,
  noted: AuditVerifier['head'] | null = null,
): Promise<AuditBreak | null> {
  const verifier = new AuditVerifier(noted);
  for (;;) {
    const { entries, head } = await listAudit(database, { after: verifier.head.number, limit: 100 });
    for (const entry of entries) {
      const broken = verifier.add(entry);
      if (broken !== null) return broken;
    }
    if (entries.length < 100) return verifier.end(head);
  }
}

async function headOf(database: Database): Promise<AuditVerifier['head']> {
  return (await listAudit(database, { after: 0, limit: 1 })).head;
}

function append(database: Database, act: Partial<AuditedAct> = {}): Promise<void> {
  const whole: AuditedAct = { actor: 'operator', act: 'test.done', subject: null, ...act };
  return database.transaction((session) => appendAudit(session, whole, context.now()));
}

/** Tampers as the owner who has switched the triggers off, looks, and puts everything back. */
async function tamperedWith(
  database: Database,
  script: string,
  noted: AuditVerifier['head'] | null = null,
): Promise<AuditBreak | null> {
  const off = 'ALTER TABLE audit_log DISABLE TRIGGER USER; ALTER TABLE audit_head DISABLE TRIGGER USER;';
  const on = ['append_only', 'append_only_whole'].map(
    (name) => `ALTER TABLE audit_log ENABLE ALWAYS TRIGGER ${name};`,
  );
  const onHead = ['one_head', 'one_head_whole', 'head_moves_on'].map(
    (name) => `ALTER TABLE audit_head ENABLE ALWAYS TRIGGER ${name};`,
  );
  await asOwner(
    database,
    `CREATE TABLE kept_log AS TABLE audit_log; CREATE TABLE kept_head AS TABLE audit_head; ${off} ${script}`,
  );
  try {
    return await verified(database, noted);
  } finally {
    await asOwner(
      database,
      `DELETE FROM audit_log; INSERT INTO audit_log TABLE kept_log; DELETE FROM audit_head;
      INSERT INTO audit_head TABLE kept_head; DROP TABLE kept_log, kept_head; ${[...on, ...onHead].join(' ')}`,
    );
  }
}

export function auditContract(database: () => Database): void {
  test('[V5] an act is in the log with what it tells of, or not at all', async () => {
    const { number } = await headOf(database());
    const failing = database().transaction(async (session) => {
      await appendAudit(session, { actor: 'operator', act: 'test.failed', subject: null }, context.now());
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect((await headOf(database())).number).toBe(number);
    const key = await newLicense(database());
    const { entries } = await listAudit(database(), { after: number, limit: 10 });
    expect(entries).toMatchObject([
      { number: number + 1, act: 'license.created', subject: key, actor: 'operator' },
    ]);
    const details = { number: 1, zero: null, a: 'text', yes: true };
    await database()
      .ofLicense(key)
      .transaction((session) =>
        appendAudit(
          session,
          { actor: 'system', act: 'test.done', subject: key, detail: details },
          context.now(),
        ),
      );
    const [entry] = (await listAudit(database(), { after: number + 1, limit: 10 })).entries;
    expect(entry?.detail).toBe('{"a":"text","number":1,"yes":true,"zero":null}');
    expect(await verified(database())).toBe(null);
  });

  test('[V6] the database computes each entry’s hash as the protocol does, whatever it says', async () => {
    // A text of the database has no NUL, and no half of a surrogate pair.
    const text = fc
      .oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
      .map((each) => each.replaceAll('\0', ''));
    const acts = fc.record({
      actor: text,
      act: text,
      subject: fc.option(text),
      detail: fc.record({ said: text }),
    });
    const many = fc.array(acts, { minLength: 1, maxLength: 40 });
    const said = async (list: AuditedAct[]): Promise<void> => {
      const { number: after } = await headOf(database());
      await database().transaction(async (session) => {
        for (const act of list) await appendAudit(session, act, context.now());
      });
      const { entries } = await listAudit(database(), { after, limit: 100 });
      expect(entries).toMatchObject(list.map((act) => ({ ...act, detail: JSON.stringify(act.detail) })));
    };
    await fc.assert(fc.asyncProperty(many, said), { numRuns: 5 });
    expect(await verified(database())).toBe(null);
  });

  test('[V5] entries that are appended at once are numbered without a hole', async () => {
    const before = await headOf(database());
    const key = await newLicense(database());
    const act: AuditedAct = { actor: 'terminal x', act: 'test.done', subject: key };
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 2 === 0
          ? append(database(), { subject: String(index) })
          : database()
              .ofLicense(key)
              .transaction((session) => appendAudit(session, act, context.now())),
      ),
    );
    expect((await headOf(database())).number).toBe(before.number + 41);
    expect(await verified(database(), before)).toBe(null);
  });

  test('[V5] nobody changes the log: neither role, nor the owner while the triggers stand', async () => {
    await append(database());
    const key = await newLicense(database());
    const refused = { code: '42501' };
    const changes = [
      `UPDATE audit_log SET actor = 'nobody'`,
      'DELETE FROM audit_log',
      'TRUNCATE audit_log',
      'UPDATE audit_head SET number = 0',
      'DELETE FROM audit_head',
      'TRUNCATE audit_head',
      `INSERT INTO audit_head VALUES (false, 0, '')`,
    ];
    for (const script of changes) {
      await expect(asOwner(database(), script), script).rejects.toMatchObject(refused);
      const replicating = `SET LOCAL session_replication_role = replica; ${script}`;
      await expect(asOwner(database(), replicating), replicating).rejects.toMatchObject(refused);
    }
    // An entry of his own making an owner can write; that is found.
    const insert = `INSERT INTO audit_log SELECT number + 1, at, actor, act, subject, detail, hash FROM audit_log`;
    for (const script of [...changes, insert]) {
      await expect(database().execute(script), script).rejects.toMatchObject(refused);
      const ofLicense = database()
        .ofLicense(key)
        .transaction((session) => session.execute(script));
      await expect(ofLicense, script).rejects.toMatchObject(refused);
    }
    await expect(
      database()
        .ofLicense(key)
        .transaction((session) => session.execute('SELECT FROM audit_log')),
    ).rejects.toMatchObject(refused);
    expect(await verified(database())).toBe(null);
  });

  test('[V6] whatever an owner does to the log with the triggers off is found, and where', async () => {
    for (let each = 0; each < 6; each += 1) await append(database(), { subject: `entry ${each}` });
    const head = await headOf(database());
    const at = head.number - 3;
    const there = `WHERE number = ${at}`;
    const tamper = (script: string): Promise<AuditBreak | null> => tamperedWith(database(), script);
    for (const change of [
      `actor = 'somebody else'`,
      `act = act || ' '`,
      `subject = NULL`,
      `detail = '{"more":1}'`,
      `at = at + interval '1 millisecond'`,
      `hash = repeat('0', 64)`,
    ]) {
      expect(await tamper(`UPDATE audit_log SET ${change} ${there}`), change).toMatchObject({ number: at });
    }
    expect(await tamper(`DELETE FROM audit_log ${there}`)).toMatchObject({ number: at });
    expect(await tamper(`DELETE FROM audit_log WHERE number <= ${at}`)).toMatchObject({ number: 1 });
    const swap = `UPDATE audit_log SET number = 1e15 ${there}; UPDATE audit_log SET number = ${at} WHERE number = ${at + 1};
      UPDATE audit_log SET number = ${at + 1} WHERE number = 1e15`;
    expect(await tamper(swap)).toMatchObject({ number: at });
    const copy = `INSERT INTO audit_log SELECT number + 1, at, actor, act, subject, detail, hash FROM audit_log
      WHERE number = ${head.number}`;
    expect(await tamper(copy)).toMatchObject({ number: head.number + 1 });
    const last = `WHERE number = ${head.number}`;
    expect(await tamper(`DELETE FROM audit_log ${last}`)).toMatchObject({ number: head.number });
    expect(await tamper('DELETE FROM audit_log')).toMatchObject({ number: 1 });
    expect(await tamper('DELETE FROM audit_head')).toMatchObject({ number: 1 });
    expect(await tamper(`UPDATE audit_head SET hash = repeat('a', 64)`)).toMatchObject({
      number: head.number,
    });
    expect(await verified(database())).toBe(null);
  });

  test('[V6] a log that was cut off, its head set to match, is found by a head that was noted', async () => {
    await append(database());
    await append(database());
    const noted = await headOf(database());
    const cut = `DELETE FROM audit_log WHERE number = ${noted.number};
      UPDATE audit_head SET (number, hash) = (SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1)`;
    expect(await tamperedWith(database(), cut)).toBe(null);
    expect(await tamperedWith(database(), cut, noted)).toMatchObject({ number: noted.number });
    expect(await verified(database(), { ...noted, number: noted.number + 1 })).toMatchObject({
      number: noted.number + 1,
    });
    expect(await verified(database(), { ...noted, hash: 'a'.repeat(64) })).toMatchObject({
      number: noted.number,
    });
    expect(await verified(database(), noted)).toBe(null);
  });
}
