import type { TextPosition } from '../config/xml.js';

/** A fault in a template's text; the loader adds the file and makes a `TemplateProblem` of it. */
export class TemplateSyntaxError extends Error {
  constructor(
    message: string,
    readonly fix: string,
    readonly position: TextPosition,
  ) {
    super(message);
    this.name = 'TemplateSyntaxError';
  }
}

/** A template rendered to more than `templateLimits.outputBytes`; the caller answers without it. */
export class TemplateOutputError extends Error {
  constructor(
    readonly templateId: string,
    message: string,
  ) {
    super(message);
    this.name = 'TemplateOutputError';
  }
}
