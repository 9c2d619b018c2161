/** A process with many tills, which does what `tillcast simulate` tells it, and ends when that is no more. */
import { asTillcastError } from '@tillcast/protocol/errors';
import { type HostOrder, type HostReport, hostOrderSchema } from './host-messages.ts';
import { HostTills } from './host-tills.ts';

const NEWS_EVERY_MS = 500;

const tell = (report: HostReport): void => {
  if (process.connected) process.send?.(report);
};
const fail = (error: unknown): void => {
  const { code, message } = asTillcastError(error);
  tell({ told: 'failed', code, message });
};
const tills = new HostTills(tell);
const news = setInterval(() => tell(tills.news()), NEWS_EVERY_MS);

process.on('message', (message) => {
  obey(hostOrderSchema.parse(message)).catch(fail);
});
process.once('disconnect', () => void stop());

async function obey(order: HostOrder): Promise<void> {
  switch (order.order) {
    case 'open':
      return tills.open(order);
    case 'sell':
      return tills.sell(order);
    case 'link':
      return tills.setLink(order.place, order.cut);
    case 'count': {
      const counted = await tills.count();
      tell(tills.news());
      return tell(counted);
    }
    case 'stop':
      await stop();
      tell({ told: 'stopped' });
      if (process.connected) process.disconnect();
  }
}

async function stop(): Promise<void> {
  clearInterval(news);
  await tills.stop();
}
