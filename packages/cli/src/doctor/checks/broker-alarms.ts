import type { BrokerNode } from '@tillcast/broker';
import { size } from '../../output/figures.ts';
import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

/** Whether the broker takes messages, and will go on to. */
export const brokerAlarms: Check = {
  id: 'broker.alarms',
  title: 'Alarms',
  expected: 'none in force',
  judge: ({ broker }) => {
    if (!broker.known) return skipped(broker.why);
    if (!broker.value.reached) return skipped('the management API does not answer');
    const { nodes } = broker.value;
    return verdictOf(
      nodes.flatMap((node) => faultsOf(node)),
      'none',
    );
  },
};

function faultsOf({ name, health }: BrokerNode): readonly Fault[] {
  const { memoryAlarm, diskAlarm, diskFreeBytes, diskFreeLimitBytes } = health;
  const cause = 'the broker takes no message while it is in force: changes wait, and tills ask for them';
  const faults: Fault[] = [];
  if (memoryAlarm) {
    faults.push({
      grade: 'failure',
      what: `memory alarm on ${name}`,
      observed: 'in force',
      expected: 'none',
      cause,
      mend: 'rabbitmq-diagnostics memory_breakdown; then more memory, or rabbitmqctl set_vm_memory_high_watermark 0.6',
    });
  }
  if (diskAlarm) {
    const free = diskFreeBytes === null ? '' : `, ${size(diskFreeBytes)} free`;
    faults.push({
      grade: 'failure',
      what: `disk alarm on ${name}`,
      observed: `in force${free}`,
      expected: 'none',
      cause,
      mend: 'make room on the disk of its data: df -h /var/lib/rabbitmq',
    });
  } else if (
    diskFreeBytes !== null &&
    diskFreeLimitBytes !== null &&
    diskFreeBytes < 2 * diskFreeLimitBytes
  ) {
    faults.push({
      grade: 'warning',
      what: `disk of ${name}`,
      observed: `${size(diskFreeBytes)} free`,
      expected: `twice the ${size(diskFreeLimitBytes)} at which it takes no more messages`,
      cause: 'it fills up: at the limit nothing is published any more',
      mend: 'make room on the disk of its data: df -h /var/lib/rabbitmq',
    });
  }
  return faults;
}
