// Whether a text is well-formed XML, as far as drawings and pages have of it: each element is closed where it was opened, and no
// character stands for itself that means something.
const token =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<!doctype html>|<(?<close>\/)?(?<name>[A-Za-z][\w:-]*)(?<attributes>(?:\s+[\w:-]+="[^"<]*")*)\s*(?<empty>\/)?>|[^<]+|</gi;
const reference = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i;

/** Of HTML: elements without an end, and those whose content is no markup. */
interface Dialect {
  readonly empty: readonly string[];
}

export const xml: Dialect = { empty: [] };
export const html: Dialect = { empty: ['meta', 'link', 'img', 'br', 'hr'] };

/** What is wrong with it first; undefined: nothing. */
export function mistakeIn(text: string, { empty }: Dialect = xml): string | undefined {
  const open: string[] = [];
  for (const { 0: part, index, groups = {} } of text.matchAll(token)) {
    const { close, name, attributes = '' } = groups;
    const place = `at ${index}: ${part.slice(0, 80)}`;
    if (part === '<' || reference.test(name === undefined && part.startsWith('<') ? '' : name ? attributes : part)) {
      return `a character that is no markup ${place}`;
    }
    if (name === undefined || groups['empty'] !== undefined || empty.includes(name)) continue;
    const names = [...attributes.matchAll(/\s([\w:-]+)=/g)].map(([, attribute]) => attribute);
    if (new Set(names).size !== names.length) return `an attribute twice ${place}`;
    if (close === undefined) open.push(name);
    else if (open.pop() !== name) return `an end of what is not open ${place}`;
  }
  return open.length > 0 ? `${open.join(', ')} without an end` : undefined;
}
