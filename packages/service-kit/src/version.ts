import packageJson from '../package.json' with { type: 'json' };

/** Of the whole pipeline: all of its packages have one version. */
export const pipelineVersion: string = packageJson.version;
