/** Runs the whole pipeline, breaks it at random from a seed, and compares the end with a model. */
export { runChaos, type ChaosOptions } from './run/run-chaos.ts';
export { renderReport, type ChaosReport } from './run/chaos-report.ts';
export { describeDisturbance, type Disturbance } from './schedule/disturbance.ts';
