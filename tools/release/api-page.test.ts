import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOpenApi, openApiNames } from '@astrolabe/schemas/testing';
import { renderApiPage } from './api-page.ts';

for (const name of openApiNames) {
  test(`the page of ${name} refers to nothing outside of itself, and tells the browser so`, () => {
    const { document } = loadOpenApi(name);
    const page = renderApiPage({ title: document.info.title, document });
    // What a parser of HTML sees: scripts and styles are closed where they are meant to be.
    const markup = page.replaceAll(/<(script|style)>[\s\S]*?<\/\1>/g, '<$1></$1>');
    assert.equal(markup.match(/<\w+/g)?.join(' '), '<html <meta <meta <meta <link <title <style <div <script <script');
    assert.deepEqual(
      [...markup.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, target]) => target),
      ['data:,'],
    );
    assert.match(markup, /Content-Security-Policy" content="default-src 'none'; [^"]*img-src data:"/);
    // Without the page in the message: it has two megabytes.
    assert.ok(!page.includes('sourceMappingURL'));
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const loaded = [...style.matchAll(/@import[^;]*|url\((?!["']?data:)[^)]*/g)].map(([found]) => found);
    assert.deepEqual(loaded, []);
  });
}
