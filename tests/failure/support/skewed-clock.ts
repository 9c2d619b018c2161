/** Loaded before a program: its wall clock is off by TILLCAST_TEST_CLOCK_OFFSET_MS. */
const offsetMs = Number(process.env['TILLCAST_TEST_CLOCK_OFFSET_MS'] ?? 0);
const RealDate = Date;

class SkewedDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(SkewedDate.now());
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = SkewedDate as DateConstructor;
