import { createHash } from 'node:crypto';

import { statusScript, statusStyle } from './status-page-assets.js';

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function card(title: string, id: string): string {
  return `<section class="card"><h2>${title}</h2><table><tbody id="${id}"></tbody></table></section>`;
}

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley</title>
<link rel="icon" href="data:,">
<style>${statusStyle}</style>
</head>
<body>
<main>
<header>
<h1>Parley</h1><span id="state"></span><span id="version" class="quiet push"></span>
</header>
<p id="problem" class="card bad" role="alert" hidden></p>
<div id="live"></div>
<div class="grid">
${card('Listens on', 'listeners')}
${card('Chat', 'chat')}
${card('Engines', 'engines')}
${card('Dialog trees', 'trees')}
${card('Readiness', 'checks')}
</div>
<footer class="quiet"><a href="/metrics">Prometheus metrics</a> · <a href="/readyz">readiness</a> · <a href="/api/v1/status">this page as JSON</a></footer>
<noscript><p class="card">This page needs JavaScript; <a href="/api/v1/status">the same as JSON</a> does not.</p></noscript>
</main>
<script>${statusScript}</script>
</body>
</html>
`;

/** The page at `/`: one self-contained document; its policy admits exactly its own style and script (CSP 3, 2.3.1). */
export const statusPage = {
  html,
  contentSecurityPolicy: [
    "default-src 'none'",
    `style-src ${hashSource(statusStyle)}`,
    `script-src ${hashSource(statusScript)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;
