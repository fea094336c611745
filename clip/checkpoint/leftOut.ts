/** More groups make no sentence. */
const MOST_GROUPS = 6;

/** What is known to change nothing that is computed here. */
const HARMLESS: Record<string, string> = { logit_bias: 'it changes no cosine' };

/** Tensors that are left out together. */
export interface LeftOutGroup {
  /** What their names begin with; of a single one, its name. */
  name: string;
  tensors: number;
}

/**
 * Groups tensors that are left out by what their names begin with, as far as it tells them from those that are not.
 * @param prefix what the names of the presented tensors begin with
 */
export function groupLeftOut(prefix: string, leftOut: readonly string[]): LeftOutGroup[] {
  const groups = new Map<string, { name: string; tensors: number }>();
  for (const name of leftOut) {
    const shared = sharedPlace(prefix, name);
    const end = name.indexOf('.', shared);
    const key = end < 0 ? name : name.slice(0, end);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { name, tensors: 1 });
    else Object.assign(group, { name: key, tensors: group.tensors + 1 });
  }
  return [...groups.values()];
}

/** `optimizer (152 tensors), logit_bias (it changes no cosine)`, for people. */
export function summarizeLeftOut(prefix: string, leftOut: readonly string[]): string {
  const groups = groupLeftOut(prefix, leftOut);
  const shown = groups.slice(0, MOST_GROUPS).map(({ name, tensors }) => {
    const harmless = HARMLESS[name.slice(name.lastIndexOf('.') + 1)];
    const remark = tensors > 1 ? `${tensors} tensors` : harmless;
    const short = name.length > 100 ? `${name.slice(0, 100)}...` : name;
    return remark === undefined ? short : `${short} (${remark})`;
  });
  const more = groups.slice(MOST_GROUPS).reduce((sum, { tensors }) => sum + tensors, 0);
  return shown.join(', ') + (more === 0 ? '' : ` and ${more} more`);
}

/** Length of the longest beginning, up to a dot, that a name has in common with the prefix. */
function sharedPlace(prefix: string, name: string): number {
  let shared = 0;
  for (let at = 0; at < prefix.length && prefix[at] === name[at]; at++) if (prefix[at] === '.') shared = at + 1;
  return shared;
}
