/** What SDKs fetch before they send: the address to send to. It is the only answer that names our own origin. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { refusedAnswer, type Answer } from '../core/request/answer.ts';
import { authenticate } from '../core/sender/authenticate.ts';
import { publicOrigin } from '../core/request/public-origin.ts';
import { buildSourceSettings, settingsIntegrations } from '../core/request/source-settings.ts';
import type { IngestMetrics } from '../ingest-metrics.ts';
import { sendAnswer } from './send-answer.ts';

export interface SettingsRouteOptions {
  readonly connectors: () => Pick<ConnectorDirectory, 'byKey'>;
  readonly metrics: IngestMetrics;
  readonly trustedProxies: number;
  readonly publicUrl: string | undefined;
}

/**
 * With a public URL the answer is the same for every request; without one, a cache would give one client's answer to
 * another.
 */
const SETTINGS_MAX_AGE_SECONDS = 60;

export function addSettingsRoutes(app: FastifyInstance, options: SettingsRouteOptions): void {
  for (const [prefix, integration] of settingsIntegrations) {
    for (const base of ['/v1', '']) {
      app.get(`${prefix}${base}/projects/:writeKey/settings`, answerSettings(options, integration));
    }
  }
}

function answerSettings({ connectors, metrics, trustedProxies, publicUrl }: SettingsRouteOptions, integration: string) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { writeKey } = request.params as { readonly writeKey: string };
    const { host, 'x-forwarded-proto': forwardedProto } = request.headers;
    const authentication = authenticate(connectors(), [writeKey]);
    const answerTo = (): Answer => {
      if (authentication.kind === 'refused') return authentication.answer;
      const origin = publicOrigin({
        publicUrl,
        host,
        forwardedProto: [forwardedProto].flat().join(','),
        trustedProxies,
      });
      if (origin !== undefined) return { status: 200, body: buildSourceSettings(integration, writeKey, origin) };
      const message = 'the request names no host, so there is none to send events to; set INGEST_PUBLIC_URL';
      return refusedAnswer(400, 'request.malformed', message);
    };
    const answer = answerTo();
    const isForAll = answer.status === 200 && publicUrl !== undefined;
    reply
      .header('cache-control', isForAll ? `public, max-age=${SETTINGS_MAX_AGE_SECONDS}` : 'no-store')
      .header('vary', 'Origin, Host, X-Forwarded-Proto');
    const connectorId = authentication.kind === 'connector' ? authentication.connector.id : 'unknown';
    metrics.requestAnswered('settings', connectorId, answer.status);
    return sendAnswer(reply, answer);
  };
}
