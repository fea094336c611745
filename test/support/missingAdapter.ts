/** Run in a process of its own by `test/engine/process.test.ts`: asks for an adapter that does not exist. */
import { Device, type DeviceError } from '../../engine/index.ts';

const error = (await Device.create({ debug: '', adapter: 'no such adapter' }).catch(
  (caught: unknown) => caught,
)) as DeviceError;
console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message, where: error.where }));
