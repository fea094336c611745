/** What is used of a zod schema, so that published types need no zod, whose own need a `lib` that declares `URL`. */
export interface Schema<Value> {
  /** Checks a value of any kind; unknown fields and defaults are the schema's matter. Throws nothing. */
  safeParse(
    value: unknown,
  ): { readonly success: true; readonly data: Value } | { readonly success: false; readonly error: SchemaError };
}

/** Why a value does not fit: one issue or more. */
export interface SchemaError {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}
