/** The whole pipeline on this machine. */
export { applyContracts, type Contracts } from './apply-contracts.ts';
export { openDataFolder, type DataFolder } from './data-folder.ts';
export { tracingVariables } from './pipeline-environment.ts';
export {
  startPipeline,
  type Pipeline,
  type PipelineAddresses,
  type PipelineOptions,
  type ServiceName,
} from './pipeline.ts';
export { SupervisedService, type Life, type LifeEnd, type SupervisedServiceOptions } from './supervised-service.ts';
