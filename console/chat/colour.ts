/** A colour as `#rrggbb`, or null for anything that is not `#rgb` or `#rrggbb`. */
export function parseColour(text: string | null): string | null {
  if (text === null || !/^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(text)) return null;
  if (text.length === 7) return text.toLowerCase();
  return `#${[...text.slice(1)].map((digit) => digit + digit).join('')}`.toLowerCase();
}

/** Relative luminance of a `#rrggbb`, 0 to 1 (WCAG 2.2). */
export function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Black or white, whichever is read better on this `#rrggbb` (WCAG 2.2, contrast ratio). */
export function readableOn(colour: string): '#000000' | '#ffffff' {
  const back = luminance(colour) + 0.05;
  return 1.05 / back >= back / 0.05 ? '#ffffff' : '#000000';
}
