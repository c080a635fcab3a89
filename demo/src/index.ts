/** The whole pipeline on this machine, for tests and the bench. */
export { applyContracts } from './apply-contracts.ts';
export { openDataFolder, type DataFolder } from './data-folder.ts';
export type { DemoReport } from './demo-context.ts';
export { runDemoSteps } from './demo-steps.ts';
export { serviceNames, startPipeline, type Pipeline, type PipelineOptions, type ServiceName } from './pipeline.ts';
export type { ServiceInstance } from './service-instance.ts';
export { parsePrometheusText, sumOf, type Sample } from './prometheus-text.ts';
