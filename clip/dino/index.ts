export { type DinoConfig, inferDinoConfig } from './dinoConfig.ts';
export { DinoEncoder } from './dinoEncoder.ts';
