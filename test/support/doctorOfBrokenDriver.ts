/** Run in a process of its own by `test/cli/doctor.test.ts`: `rfclip doctor` where the driver loses a kernel's work. */
import { Command } from 'commander';
import { addDoctorCommand } from '../../cli/doctor.ts';
import { Recorder } from '../../engine/recorder.ts';

const { dispatch } = Recorder.prototype;
Recorder.prototype.dispatch = function (launch) {
  if (launch.kernel !== 'label_resized') dispatch.call(this, launch);
};
const program = new Command();
addDoctorCommand(program);
await program.parseAsync(['doctor'], { from: 'user' });
