import { expect, test } from 'vitest';
import { LICENSE, Stage, type Till } from './running-till.ts';

/** A measurement's value; null where there is none of that name and labels. */
function valueOf(metrics: string, name: string): number | null {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length + 1));
}

test('[J7] the till’s own metrics tell what it shows, what it counted and how long deliveries took', async () => {
  await using stage = await Stage.set();
  const read = async (till: Till): Promise<string> => {
    const answer = await fetch(`${till.url}/metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    return answer.text();
  };
  stage.backend.hangs = true;
  {
    await using till = await stage.openTill();
    const before = await read(till);
    expect(valueOf(before, 'tillcast_till_version')).toBeNull();
    expect(valueOf(before, 'tillcast_till_proof_age_seconds')).toBeNull();
    expect(valueOf(before, 'tillcast_till_status{status="live"}')).toBe(0);
  }
  stage.backend.hangs = false;
  await using till = await stage.openLiveTill();
  await till.counted('status_answered');
  await till.reaches({ status: 'live' });
  await stage.publish(stage.catalog.setPrice('A', 2.5));
  await till.holds(stage.catalog);
  await till.syncNow();
  await till.reaches({ status: 'live' });
  const now = await read(till);
  expect(valueOf(now, 'tillcast_till_version')).toBe(2);
  expect(valueOf(now, 'tillcast_till_behind_changes')).toBe(0);
  expect(valueOf(now, 'tillcast_till_broker_attached')).toBe(1);
  expect(valueOf(now, 'tillcast_till_items{kind="product"}')).toBe(3);
  expect(valueOf(now, 'tillcast_till_proof_age_seconds')).toBeGreaterThanOrEqual(0);
  expect(valueOf(now, 'tillcast_till_delivery_seconds_count')).toBe(1);
  expect(valueOf(now, 'tillcast_till_sync_duration_seconds_count{kind="snapshot"}')).toBe(1);
  expect(valueOf(now, 'tillcast_till_events_total{event="message_received"}')).toBe(1);
  const words = ['live', 'catching_up', 'offline', 'needs_attention'];
  expect(words.map((status) => valueOf(now, `tillcast_till_status{status="${status}"}`))).toEqual([
    1, 0, 0, 0,
  ]);
  expect(now).not.toContain(LICENSE);
  expect(now).not.toContain(till.terminalId);
  // Looked at twice, nothing is counted twice.
  expect(valueOf(await read(till), 'tillcast_till_events_total{event="message_received"}')).toBe(1);
});
