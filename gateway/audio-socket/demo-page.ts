import { createHash } from 'node:crypto';

import { demoScript, demoStyle, demoWorklet } from './demo-page-assets.js';

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Talk to the bot</title>
<link rel="icon" href="data:,">
<style>${demoStyle}</style>
</head>
<body>
<main>
<h1>Talk to the bot</h1>
<p>Speak after the greeting, or over it. Keys work as on a phone.</p>
<label>Token, where one is needed <input id="token" type="password" autocomplete="off"></label>
<button id="start" class="main">Start</button> <button id="stop" disabled>Hang up</button>
<p id="state" role="status"></p>
<div id="keys" aria-label="Keys"></div>
<ul id="log" aria-live="polite"></ul>
</main>
<script>${demoScript}</script>
</body>
</html>
`;

/** A page that talks to the bot with the browser's microphone; its policy admits its own parts and nothing else. */
export const demoPage = {
  html,
  worklet: demoWorklet,
  contentSecurityPolicy: [
    "default-src 'none'",
    `style-src ${hashSource(demoStyle)}`,
    `script-src 'self' ${hashSource(demoScript)}`,
    "connect-src 'self' ws: wss:",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;
