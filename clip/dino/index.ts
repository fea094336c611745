export { describeDinoConfig, type DinoConfig, dinoHeads, inferDinoConfig } from './dinoConfig.ts';
export { DinoEncoder } from './dinoEncoder.ts';
