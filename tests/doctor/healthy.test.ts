import { expect, test } from 'vitest';
import { doctor, openClinic } from './clinic.ts';
test('x', async () => {
  await using clinic = await openClinic();
  const a = await doctor(clinic.operatorEnv, '--license', 'DOCTOR-LIFE-SHOP1');
  console.log(a.checks.map((c) => `${c.id} ${c.status} ${c.observed}`).join('\n'));
  const b = await doctor(clinic.tillEnv);
  console.log(b.checks.map((c) => `${c.id} ${c.status} ${c.observed}`).join('\n'));
  expect(a.code).toBe(0);
  expect(b.code).toBe(0);
});
