/** Control characters but tab and newline, and halves of surrogate pairs: pasted by accident, refused by the server. */
const unsendable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\p{Surrogate}]/gu;

/** The text without characters that no message may hold. */
export function cleanText(written: string): string {
  return written.replace(unsendable, '');
}
