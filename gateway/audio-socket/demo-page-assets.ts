export const demoStyle = `
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1b2330; --quiet: #5d6878; --line: #e1e5eb; --accent: #2f6fed; }
@media (prefers-color-scheme: dark) {
  :root { --back: #11151b; --card: #1a2029; --text: #e7ebf1; --quiet: #96a1b2; --line: #2a323e; --accent: #7aa7ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 2rem 1.25rem; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; }
p { margin: 0 0 1rem; color: var(--quiet); }
button { font: inherit; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); color: inherit; cursor: pointer; }
button.main { background: var(--accent); border-color: var(--accent); color: #fff; }
button:disabled { opacity: .5; cursor: default; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
label { display: block; margin-bottom: 1rem; color: var(--quiet); }
input { font: inherit; width: 100%; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); color: inherit; }
#keys { display: grid; grid-template-columns: repeat(3, 4rem); gap: .5rem; margin: 1rem 0; }
#log { list-style: none; margin: 0; padding: 0; }
#log li { margin-bottom: .5rem; padding: .6rem .9rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); }
#log li.you { margin-left: 3rem; border-color: var(--accent); }
`;

/** Runs in the browser's audio thread: 20 ms of microphone out, the bot's audio in, marks told when they are heard. */
export const demoWorklet = `
const frameSamples = 320;
class Line extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Int16Array(frameSamples);
    this.filled = 0;
    this.queue = [];
    this.at = 0;
    this.port.onmessage = ({ data }) => {
      if (data.clear) {
        for (const item of this.queue) if (item.mark) this.port.postMessage({ mark: item.mark });
        this.queue = [];
        this.at = 0;
      } else this.queue.push(data);
    };
  }
  process(inputs, outputs) {
    const input = inputs[0] && inputs[0][0];
    const output = outputs[0][0];
    for (let i = 0; i < output.length; i++) {
      output[i] = this.next();
      const sample = input ? input[i] : 0;
      this.frame[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === frameSamples) {
        this.port.postMessage({ frame: this.frame });
        this.filled = 0;
      }
    }
    return true;
  }
  next() {
    for (let item = this.queue[0]; item; item = this.queue[0]) {
      if (item.samples && this.at < item.samples.length) return item.samples[this.at++] / 32768;
      if (item.mark) this.port.postMessage({ mark: item.mark });
      this.queue.shift();
      this.at = 0;
    }
    return 0;
  }
}
registerProcessor('line', Line);
`;

export const demoScript = `
const $ = (id) => document.getElementById(id);
const base = location.pathname.replace(/\\/demo$/, '');
let call = null;
const show = (text, who) => {
  const item = document.createElement('li');
  item.textContent = text;
  if (who) item.className = who;
  $('log').append(item);
};
const state = (text) => { $('state').textContent = text; };
async function start() {
  $('start').disabled = true;
  state('Asking for the microphone');
  const audio = new AudioContext({ sampleRate: 16000 });
  try {
    const microphone = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 },
    });
    await audio.audioWorklet.addModule(base + '/demo/worklet.js');
    const line = new AudioWorkletNode(audio, 'line', { numberOfInputs: 1, numberOfOutputs: 1 });
    audio.createMediaStreamSource(microphone).connect(line).connect(audio.destination);
    await audio.resume();
    connect(audio, microphone, line);
  } catch (err) {
    state('The microphone cannot be used: ' + err.message);
    $('start').disabled = false;
    await audio.close();
  }
}
function connect(audio, microphone, line) {
  const url = new URL(base, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '?mode=l16&rate=16000&events=true';
  if ($('token').value) url.searchParams.set('token', $('token').value);
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const send = (message) => { if (socket.readyState === 1) socket.send(JSON.stringify(message)); };
  let ready = false;
  socket.onopen = () => send({ type: 'start', parameters: {} });
  socket.onmessage = ({ data }) => {
    if (typeof data !== 'string') { line.port.postMessage({ samples: new Int16Array(data) }); return; }
    const message = JSON.parse(data);
    if (message.type === 'ready') { ready = true; state('Talking'); $('stop').disabled = false; }
    if (message.type === 'mark') line.port.postMessage({ mark: message.name });
    if (message.type === 'clear') line.port.postMessage({ clear: true });
    if (message.type === 'prompt') show(message.text, '');
    if (message.type === 'transcript') show(message.text, 'you');
  };
  line.port.onmessage = ({ data }) => {
    if (data.mark) send({ type: 'mark', name: data.mark });
    else if (ready && socket.readyState === 1) socket.send(data.frame);
  };
  socket.onclose = ({ code, reason }) => {
    state('Ended (' + code + (reason ? ', ' + reason : '') + ')');
    microphone.getTracks().forEach((track) => track.stop());
    audio.close();
    call = null;
    $('start').disabled = false;
    $('stop').disabled = true;
  };
  call = { send };
}
$('start').onclick = start;
$('stop').onclick = () => { if (call) call.send({ type: 'stop' }); };
for (const key of '123456789*0#') {
  const button = document.createElement('button');
  button.textContent = key;
  button.onclick = () => { if (call) call.send({ type: 'dtmf', digits: key }); };
  $('keys').append(button);
}
`;
