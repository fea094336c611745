import { type Qkv, qkvSizes } from '../../clip/attention.ts';
import { sliceColumns } from '../../engine/ops/columns.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { DenseMethod } from './denseMethod.ts';
import { type LastBlockChange, lastBlockMethod } from './lastBlock.ts';

/** The values themselves: every token attends to itself alone. */
function ownValues(qkv: Qkv): Tensor {
  const { C } = qkvSizes(qkv);
  return sliceColumns(qkv.tensor, 2 * C, 3 * C); // [B, T, C]
}

/**
 * MaskCLIP: the value path of the last block instead of attention, without residual and MLP.
 * Source: Zhou et al., ECCV 2022, section 3.2.
 */
export function makeMaskclip(architecture: LastBlockChange['architecture'] = 'reduced'): DenseMethod {
  return lastBlockMethod(
    {
      name: 'maskclip',
      summary: 'the last block passes values on without mixing them',
      source: 'Zhou et al., ECCV 2022',
    },
    { attention: ownValues, architecture },
  );
}
