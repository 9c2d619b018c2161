import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

/** Whether this machine's till can read what it wrote. */
export const tillFiles: Check = {
  id: 'till.files',
  title: 'The till’s files',
  expected: 'catalog and sales can be read',
  judge: ({ till }) => {
    if (!till.known) return skipped(till.why);
    const { files, unsentSales, dataDir } = till.value;
    const faults = files.flatMap(({ name, state, detail }): readonly Fault[] => {
      if (state !== 'damaged') return [];
      const isSales = name.startsWith('sales');
      return [
        {
          grade: 'failure',
          what: `${dataDir}/${name}`,
          observed: detail,
          expected: 'a whole file',
          cause: isSales
            ? 'the disk, or a power cut on one that lies about its writes: at its start the till keeps this file and saves every sale that can be read'
            : 'the disk, or a power cut on one that lies about its writes: at its start the till sets it aside and loads the catalog anew',
          mend: isSales ? `copy ${dataDir} elsewhere first; then tillcast terminal` : `tillcast terminal`,
        },
      ];
    });
    const states = files.map(({ name, state }) => `${name} ${state.replaceAll('_', ' ')}`);
    const unsent = unsentSales === null ? '' : `, ${unsentSales} unsent sales`;
    return verdictOf(faults, states.join(', ') + unsent);
  },
};
