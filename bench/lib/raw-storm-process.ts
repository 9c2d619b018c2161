/** Raw tills in a process of their own, which do what their parent asks for. */
import { join } from 'node:path';
import { rawQuestionSchema } from './raw-storm-messages.ts';
import { openRawTill, type RawStormTill } from './raw-storm-till.ts';

const tills: RawStormTill[] = [];

process.on('message', (message) => {
  const question = rawQuestionSchema.parse(message);
  if (question.ask === 'open') {
    const { amqpUrl, deltaUrl, folder } = question;
    for (const till of question.tills) {
      const path = join(folder, `${till.terminalId}.sqlite`);
      tills.push(openRawTill({ ...till, amqpUrl, deltaUrl, path }));
    }
  }
  process.send?.(tills.map(({ done }) => done()));
});
process.once('disconnect', () => void Promise.all(tills.map((till) => till.stop())));
