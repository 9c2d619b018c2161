/** Some tills in one process, which does what its parent asks for, one question after the other. */
import { type FleetQuestion, questionSchema, type TillSample } from './fleet-messages.ts';
import { openStormTill, type StormTill } from './storm-till.ts';

const tills: StormTill[] = [];
const told: string[] = [];

process.on('message', (message) => {
  void answer(questionSchema.parse(message)).then((reply) => process.send?.(reply));
});
process.once('disconnect', () => void close());

async function answer(question: FleetQuestion): Promise<unknown> {
  switch (question.ask) {
    case 'open':
      for (const till of question.tills) tills.push(await openStormTill(question, till));
      return null;
    case 'states':
      return changed();
    case 'contents':
      return tills.map((till) => till.contentSum());
    case 'counts':
      return summedUp();
    case 'attempts':
      return tills.map(({ attemptsMs }) => attemptsMs.splice(0));
    case 'close':
      await close();
      return null;
  }
}

function changed(): readonly (readonly [number, TillSample])[] {
  return [...tills.entries()].flatMap(([index, till]) => {
    const sample = till.sample();
    const text = JSON.stringify(sample);
    if (told[index] === text) return [];
    told[index] = text;
    return [[index, sample] as const];
  });
}

function summedUp(): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { counters } of tills) {
    for (const [name, count] of Object.entries(counters.toJSON())) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

async function close(): Promise<void> {
  await Promise.all(tills.splice(0).map((till) => till.stop()));
}
