// Lets a worker run recorded calls of published code: `rfclip/worker/conformance`.
import { addCall } from './calls.ts';
import { runRecordings } from './runRecordings.ts';
import './index.ts';

addCall('conformance', ({ options }, context) => runRecordings(options, context));
