import Table from 'cli-table3';

/** What every part has counted. */
export class Figures {
  /** Lines, each with the part's name. */
  failures = [];
  #parts;

  /** @param {string[]} names of the parts */
  constructor(names) {
    this.#parts = new Map(
      names.map((name) => [name, { rounds: 0, milliseconds: 0, failures: 0, skipped: undefined, values: new Map() }]),
    );
  }

  /** Adds to a count. */
  add(part, name, count = 1) {
    const { values } = this.#parts.get(part);
    values.set(name, (values.get(name) ?? 0) + count);
  }

  /** Keeps the largest value. */
  most(part, name, value) {
    const { values } = this.#parts.get(part);
    values.set(name, Math.max(values.get(name) ?? -Infinity, value));
  }

  /** Keeps the last value. */
  set(part, name, value) {
    this.#parts.get(part).values.set(name, value);
  }

  fail(part, message) {
    this.#parts.get(part).failures++;
    this.failures.push(`${part}, ${message}`);
  }

  skip(part, reason) {
    this.#parts.get(part).skipped = reason;
  }

  time(part, milliseconds) {
    const entry = this.#parts.get(part);
    entry.rounds++;
    entry.milliseconds += milliseconds;
  }

  /** The figures of a part in one line. */
  line(part) {
    return this.#pairs(part).join(', ');
  }

  table() {
    const table = new Table({
      head: ['part', 'rounds', 'minutes', 'figures', 'failures'],
      style: { head: [], border: [] },
    });
    for (const [name, { rounds, milliseconds, failures, skipped }] of this.#parts) {
      const figures = skipped === undefined ? this.#pairs(name).join('\n') : `SKIPPED: ${skipped}`;
      table.push([name, rounds, (milliseconds / 60_000).toFixed(1), figures, failures]);
    }
    const failures = this.failures.map((line) => `FAILED: ${line}`).join('\n');
    return `${table}\n${failures === '' ? 'no failures' : failures}`;
  }

  report() {
    const parts = [...this.#parts].map(([name, { values, ...rest }]) => [
      name,
      { ...rest, figures: Object.fromEntries(values) },
    ]);
    return { parts: Object.fromEntries(parts), failures: this.failures };
  }

  #pairs(part) {
    return [...this.#parts.get(part).values].map(([name, value]) => `${name} ${Math.round(value * 10) / 10}`);
  }
}
