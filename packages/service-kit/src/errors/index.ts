export { defect, present } from './assert-present.ts';
export type { ErrorCatalogueEntry, WhoActs } from './catalogue-entry.ts';
export { errorCatalogue, errorCodes, type ErrorCode } from './error-codes.ts';
export { renderErrorCatalogue } from './error-docs.ts';
export { PipelineError, errorMessage, isPipelineError, type PipelineErrorOptions } from './errors.ts';
