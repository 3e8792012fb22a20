// The colours of the drawing, light and dark; on paper it is always light.
import { element } from './xml.js';

const light = `--tf-paper:#fff;--tf-ink:#1f2937;--tf-soft:#6b7280;--tf-line:#e5e7eb;--tf-running:#2f7f8f;--tf-sleeping:#a9cdd4;
--tf-stopped:#d99a2b;--tf-zombie:#9a8fb0;--tf-signal:#b4432f;--tf-message:#4360b8;--tf-fork:#9ca3af`;

const dark = `--tf-paper:#14181d;--tf-ink:#e5e7eb;--tf-soft:#9aa3af;--tf-line:#2a3038;--tf-running:#4fb0c0;--tf-sleeping:#2c5560;
--tf-stopped:#e0ab4d;--tf-zombie:#a99cc4;--tf-signal:#ef8570;--tf-message:#8ea6f5;--tf-fork:#6b7280`;

/** What the drawing is, by its class: it may be one of several in a page. */
export const root = 'tf-timeline';

/** Which colours: those of the reader's system, or always the same. @inline */
export type Theme = 'auto' | 'light' | 'dark';

const rules = `
.R{background:var(--tf-paper);font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
.R .tf-paper{fill:var(--tf-paper)}
.R text{fill:var(--tf-ink);paint-order:stroke;stroke:var(--tf-paper);stroke-width:3px;stroke-linejoin:round}
.R .tf-title{font-size:15px;font-weight:600}
.R .tf-small{font-size:11px;fill:var(--tf-soft)}
.R .tf-pid{font-size:12px;font-weight:600}
.R .tf-tiny{font-size:10px;fill:var(--tf-soft)}
.R .tf-note{font-size:10px}
.R .tf-signal-name{font-size:10px;fill:var(--tf-signal)}
.R .tf-grid{stroke:var(--tf-line);stroke-width:1}
.R .tf-running{fill:var(--tf-running)}
.R .tf-sleeping{fill:var(--tf-sleeping)}
.R .tf-stopped{fill:var(--tf-paper);stroke:var(--tf-stopped);stroke-width:1.5}
.R .tf-hatch{stroke:var(--tf-stopped);stroke-width:1.5}
.R .tf-zombie{fill:var(--tf-paper);stroke:var(--tf-zombie);stroke-width:1.5;stroke-dasharray:3 2}
.R .tf-fork{fill:none;stroke:var(--tf-fork);stroke-width:1.5}
.R .tf-wait{fill:none;stroke:var(--tf-fork);stroke-width:1;stroke-dasharray:1 3;stroke-linecap:round}
.R .tf-end{stroke:var(--tf-ink);stroke-width:1.5}
.R .tf-signal{fill:none;stroke:var(--tf-signal);stroke-width:1.25}
.R .tf-told{stroke-dasharray:4 3;opacity:.75}
.R .tf-head{fill:var(--tf-signal)}
.R .tf-message{fill:none;stroke:var(--tf-message);stroke-width:1;opacity:.7}
.R .tf-faint{opacity:.3}
.R .tf-dot{fill:var(--tf-message);stroke:var(--tf-paper);stroke-width:1}
.R .tf-unread{fill:var(--tf-paper);stroke:var(--tf-message);stroke-width:1.5}
.R .tf-mark{fill:var(--tf-ink);stroke:var(--tf-paper);stroke-width:1}
.R .tf-tick{stroke:var(--tf-ink);stroke-width:1;opacity:.55}
.R .tf-fold{fill:var(--tf-paper)}
.R .tf-zigzag{fill:none;stroke:var(--tf-fork);stroke-width:1}`;

/** The style sheet of the drawing. */
export function styleSheet(theme: Theme): string {
  const one = (colors: string) => `.${root}{${colors}}`.replaceAll('\n', '');
  const colors = {
    auto: `${one(light)}@media screen and (prefers-color-scheme:dark){${one(dark)}}`,
    light: one(light),
    dark: `${one(dark)}@media print{${one(light)}}`,
  };
  return `${colors[theme]}${rules.replaceAll('.R', `.${root}`)}\n`;
}

/** As an element. */
export function style(theme: Theme): string {
  return element('style', {}, styleSheet(theme).replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
}
