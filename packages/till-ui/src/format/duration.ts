import { formatNumber } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';

/** A short time for people: `48 ms`, `3.2 s`, `42 s`, `2 min 4 s`, `3 h 5 min`, `2 d 4 h`. Never negative. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, Math.round(durationMs));
  if (ms < 1_000) return one(ms, 'ms');
  if (ms < 9_950) return one(ms / 1_000, 's', 1);
  return formatAge(ms);
}

/** A time in whole seconds and larger, for what counts up or down: `0 s`, `42 s`, `2 min 4 s`. Never negative. */
export function formatAge(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  if (seconds < 60) return one(seconds, 's');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, 'h', minutes % 60, 'min');
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

type Unit = keyof typeof strings.units;

function two(large: number, largeUnit: Unit, small: number, smallUnit: Unit): string {
  return small === 0 ? one(large, largeUnit) : `${one(large, largeUnit)} ${one(small, smallUnit)}`;
}

function one(value: number, unit: Unit, digits = 0): string {
  const number = formatNumber(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${number} ${strings.units[unit]}`;
}
