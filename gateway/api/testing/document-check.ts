import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface DocumentedOperation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: object }>>;
}

/** The part of an OpenAPI document that answers are checked by. */
export interface OpenapiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: object;
}

/** Checks answers against the document, as a client that takes it at its word would. */
export class DocumentCheck {
  readonly #document: OpenapiDocument;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenapiDocument) {
    this.#document = document;
    this.#ajv.addSchema({ $id: 'openapi', components: document.components });
  }

  /** What is wrong with an answer, or null. */
  problem(method: string, path: string, status: number, body: unknown): string | null {
    const found = this.#operation(method, path);
    if (!found) return `${method} ${path} is not described`;
    const { operation, template } = found;
    if (!operation.responses[status]) return `${operation.operationId} describes no ${status}`;
    const validate = this.#validator(`${template}/${method.toLowerCase()}/responses/${status}`, () =>
      this.#schemaOf(operation, status),
    );
    return validate(body)
      ? null
      : `${operation.operationId} ${status}: ${this.#ajv.errorsText(validate.errors)}`;
  }

  #operation(method: string, path: string): { operation: DocumentedOperation; template: string } | null {
    for (const [template, methods] of Object.entries(this.#document.paths)) {
      const pattern = new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`);
      const operation = methods[method.toLowerCase()];
      if (operation && pattern.test(path)) return { operation, template };
    }
    return null;
  }

  #schemaOf({ responses }: DocumentedOperation, status: number): object {
    let response: unknown = responses[status];
    const reference = (response as { readonly $ref?: string }).$ref;
    if (reference !== undefined)
      response = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], this.#document);
    const { content } = response as {
      readonly content?: { readonly 'application/json'?: { schema: object } };
    };
    const schema = content?.['application/json']?.schema ?? false;
    return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/')) as object;
  }

  #validator(name: string, schema: () => object): ValidateFunction {
    let validate = this.#validators.get(name);
    if (!validate) {
      validate = this.#ajv.compile(schema());
      this.#validators.set(name, validate);
    }
    return validate;
  }
}
