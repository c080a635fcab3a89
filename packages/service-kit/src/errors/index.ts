export { defect, present } from './assert-present.ts';
export { errorCatalogue, errorCodes, type ErrorCatalogueEntry, type ErrorCode, type WhoActs } from './error-codes.ts';
export { renderErrorCatalogue } from './error-docs.ts';
export { PipelineError, errorMessage, isPipelineError, type PipelineErrorOptions } from './errors.ts';
