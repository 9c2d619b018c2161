import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

/** Whether the database's schema is this program's. */
export const schema: Check = {
  id: 'database.schema',
  title: 'Schema',
  expected: 'the steps that this program knows',
  judge: ({ database }) => {
    if (!database.known) return skipped(database.why);
    if (!database.value.reached) return skipped('the database does not answer');
    const { applied, known, differsAt } = database.value.facts.schema;
    const faults: Fault[] = [];
    const base = {
      what: 'schema of the database',
      observed: `at step ${applied}`,
      expected: `step ${known}`,
    };
    if (applied > known) {
      faults.push({
        ...base,
        grade: 'failure',
        cause: `it is ${applied - known} ahead: a newer program has used it, and this one does not start on it (schema_newer)`,
        mend: 'install the newer program here, too; the way back is a backup from before: tillcast backup restore',
      });
    } else if (applied < known) {
      faults.push({
        ...base,
        grade: 'warning',
        cause: `it is ${known - applied} behind: no backend of this version has started on it yet`,
        mend: 'tillcast backup create, and then start the new backend, which brings it up to date: tillcast server',
      });
    }
    if (differsAt !== null) {
      faults.push({
        grade: 'failure',
        what: `step ${differsAt} of the schema`,
        observed: 'another one than this program’s',
        expected: 'the same',
        cause:
          'the database was made by another program, or by a version that was never released (schema_differs)',
        mend: 'use the program that made it, or another database in DATABASE_URL',
      });
    }
    return verdictOf(faults, `at step ${applied} of ${known}`);
  },
};
