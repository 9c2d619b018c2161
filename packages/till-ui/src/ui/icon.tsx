import type { VNode } from 'preact';

export type IconName =
  | 'live'
  | 'catching_up'
  | 'offline'
  | 'needs_attention'
  | 'search'
  | 'close'
  | 'options'
  | 'activity'
  | 'check'
  | 'info'
  | 'warning'
  | 'box'
  | 'menu'
  | 'star'
  | 'table'
  | 'receipt'
  | 'back'
  | 'plus'
  | 'minus'
  | 'trash'
  | 'note'
  | 'cash'
  | 'card'
  | 'print'
  | 'person'
  | 'backspace'
  | 'up'
  | 'globe'
  | 'leave'
  | 'file'
  | 'undo';

const PATHS: Readonly<Record<IconName, VNode>> = {
  live: <circle cx="12" cy="12" r="9" fill="currentColor" stroke="none" />,
  catching_up: (
    <>
      <path d="M20 12a8 8 0 0 1-14 5.3M4 12a8 8 0 0 1 14-5.3" />
      <path d="M18 2.5v4.5h-4.5M6 21.5v-4.5h4.5" />
    </>
  ),
  offline: (
    <>
      <path d="M6 3h12M6 21h12" />
      <path d="M7.5 3v3.5l4.5 5.5 4.5-5.5V3z" fill="currentColor" />
      <path d="M7.5 21v-3.5l4.5-5.5 4.5 5.5V21z" />
    </>
  ),
  needs_attention: (
    <>
      <path d="M12 3 22 20.5H2z" fill="currentColor" />
      <path d="M12 9.5v5M12 17.200v.3" stroke="var(--icon-hole, #fff)" />
    </>
  ),
  search: (
    <>
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="m15.5 15.5 5 5" />
    </>
  ),
  close: <path d="m6 6 12 12M18 6 6 18" />,
  options: (
    <>
      <path d="M4 7h9M19 7h1M4 17h1M11 17h9" />
      <circle cx="16" cy="7" r="3" />
      <circle cx="8" cy="17" r="3" />
    </>
  ),
  activity: <path d="M3 12h4l3 8 4-16 3 8h4" />,
  check: <path d="m4 12.5 5 5L20 6.5" />,
  info: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 11v5.5M12 7.5v.3" />
    </>
  ),
  warning: (
    <>
      <path d="M12 3.5 21.5 20h-19z" />
      <path d="M12 10v4.5M12 17v.2" />
    </>
  ),
  menu: <path d="M4 6.500h16M4 12h16M4 17.500h16" />,
  star: (
    <path d="m12 3.500 2.600 5.400 5.900.8-4.300 4.100 1 5.900-5.200-2.800-5.200 2.800 1-5.900-4.300-4.100 5.900-.8z" />
  ),
  table: <path d="M3 8h18M5 8v11M19 8v11M5 13h14" />,
  receipt: <path d="M6 3h12v18l-3-2-3 2-3-2-3 2zM9.500 8h5M9.500 12h5" />,
  back: <path d="M20 12H5M11 6l-6 6 6 6" />,
  plus: <path d="M12 5v14M5 12h14" />,
  minus: <path d="M5 12h14" />,
  trash: <path d="M4 6.500h16M9 6.500V4h6v2.500M6.500 6.500 7.500 20h9l1-13.500M10 10.500v6M14 10.500v6" />,
  note: <path d="M4 20l1-4L16.500 4.500l3 3L8 19z" />,
  cash: (
    <>
      <path d="M2.500 6.500h19v11h-19z" />
      <circle cx="12" cy="12" r="2.500" />
      <path d="M6 12h.1M18 12h.1" />
    </>
  ),
  card: <path d="M2.500 5.500h19v13h-19zM2.500 10h19M6 15h4" />,
  print: <path d="M7 8V3h10v5M7 17H3V8h18v9h-4M7 14h10v7H7z" />,
  person: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4 21c0-4.400 3.600-7 8-7s8 2.600 8 7" />
    </>
  ),
  backspace: <path d="M9 5h12v14H9l-6-7zM12.500 9.500l5 5M17.500 9.500l-5 5" />,
  up: <path d="m5 15 7-7 7 7" />,
  globe: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M3 12h18M12 3c5.500 6 5.500 12 0 18-5.500-6-5.500-12 0-18z" />
    </>
  ),
  leave: <path d="M10 4H5v16h5M10 12h10M16 8l4 4-4 4" />,
  file: <path d="M12 3v11M7.500 10l4.500 4.500 4.500-4.500M4 20h16" />,
  undo: <path d="M8 4 4 8l4 4M4 8h10a6 6 0 0 1 0 12H8" />,
  box: <path d="M4 8 12 4l8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8" />,
};

/** A drawing beside a word: it is never the only bearer of a meaning, and screen readers pass it by. */
export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }): VNode {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="2.2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}
