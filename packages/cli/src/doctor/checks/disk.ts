import { size } from '../../output/figures.ts';
import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

const FULL_BYTES = 50_000_000;
const LOW_BYTES = 500_000_000;

/** Whether there is room for what is to be written. */
export const disk: Check = {
  id: 'disk',
  title: 'Disk',
  expected: `more than ${size(LOW_BYTES)} free`,
  judge: ({ disks }) => {
    if (disks.length === 0) return skipped('neither a backend nor a till keeps files here');
    const faults = disks.flatMap(({ what, path, freeBytes }): readonly Fault[] =>
      freeBytes >= LOW_BYTES
        ? []
        : [
            {
              grade: freeBytes < FULL_BYTES ? 'failure' : 'warning',
              what: `disk of ${what}, ${path}`,
              observed: `${size(freeBytes)} free`,
              expected: disk.expected,
              cause:
                'a till on a full disk takes no change and refuses sales; a backend keeps no embedded database on it',
              mend: `df -h ${path}, and du -xh ${path} | sort -h | tail`,
            },
          ],
    );
    return verdictOf(
      faults,
      disks.map(({ path, freeBytes }) => `${path} ${size(freeBytes)} free`).join('; '),
    );
  },
};
