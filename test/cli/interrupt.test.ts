import { describe, expect, it } from 'vitest';
import { resumeCommand } from '../../cli/eval/interrupt.ts';

describe('resumeCommand', () => {
  it('repeats the command line with --resume, quoted for a shell', () => {
    expect(resumeCommand(['eval', 'folder', '--data', "it's here", '--out', '/tmp/out'], { environment: {} })).toBe(
      `rfclip eval folder --data 'it'\\''s here' --out /tmp/out --resume`,
    );
    expect(resumeCommand(['eval', '--resume', 'sample'], { environment: {} })).toBe('rfclip eval --resume sample');
  });

  it('names a shard that another shell would not know', () => {
    expect(resumeCommand(['eval', 'sample', '--resume'], { shard: { index: 2, count: 8 }, environment: {} })).toBe(
      'rfclip eval sample --resume --shard 2/8',
    );
  });

  it('is called as this process was', () => {
    expect(resumeCommand(['eval'], { environment: { npm_lifecycle_event: 'rfclip', npm_command: 'run-script' } })).toBe(
      'npm run rfclip -- eval --resume',
    );
    expect(resumeCommand(['eval'], { environment: { npm_command: 'exec', npm_lifecycle_event: 'npx' } })).toBe(
      'npx rfclip eval --resume',
    );
  });
});
