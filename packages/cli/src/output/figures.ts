/** `3630` as `3,630`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 row`, `3,630 rows`. */
export function counted(value: number, singular: string, plural: string = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** A duration for people: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long ago something was: `3 s ago`, `2 min ago`, `5 h ago`, `3 days ago`. */
export function ago(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

/** A rate: `350 rows/s`, `4.2 rows/s`. */
export function rate(amount: number, durationMs: number, unit: string): string {
  const perSecond = durationMs <= 0 ? 0 : amount / (durationMs / 1000);
  const shown = perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond));
  return `${shown} ${unit}/s`;
}

/** How large something is: `512 bytes`, `3.4 kB`, `120 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, 'byte');
  const [unit, amount] = bytes < 1_000_000 ? ['kB', bytes / 1_000] : ['MB', bytes / 1_000_000];
  return `${amount < 10 ? amount.toFixed(1) : count(Math.round(amount))} ${unit}`;
}
