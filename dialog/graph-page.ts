import type { GraphModel } from './graph-model.js';
import { drawGraph, escape, type GraphOverlay } from './graph-svg.js';

/** Colours and shapes of the drawing, light and dark. */
export const graphStyle = `
:root{color-scheme:light dark;--ink:#1d2430;--dim:#687387;--paper:#fbfaf7;--line:#8f98a8;--card:#fff;--edge:#c9cfda;--hot:#c2410c}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--dim:#98a2b3;--paper:#14171d;--line:#667085;--card:#1e232c;--edge:#343b48;--hot:#fb923c}}
svg text{font:12px/1.2 system-ui,"Noto Sans CJK SC",sans-serif;fill:var(--ink)}
.node rect{fill:var(--card);stroke:var(--line);stroke-width:1.4}
.node{cursor:pointer;outline:none}.node:focus rect,.node.on rect{stroke:var(--hot);stroke-width:3}
.node.start rect{stroke-width:3}
.node.listen rect,.node.ask rect{fill:#dbeafe}.node.condition rect,.node.set rect{fill:#fef3c7}
.node.call rect{fill:#ede9fe}.node.subtree rect,.node.return rect{fill:#dcfce7}
.node.handover rect,.node.transfer rect{fill:#ffe4e6}.node.end rect{fill:#e5e7eb}.node.globals rect{fill:none;stroke-dasharray:5 4}
.node.listen text,.node.ask text,.node.condition text,.node.set text,.node.call text,.node.subtree text,.node.return text,.node.handover text,.node.transfer text,.node.end text{fill:#1d2430}
.node .id{font-weight:650}.node .kind{font-weight:400;font-size:10px;opacity:.6}.node .text{font-size:11px;opacity:.85}
.node.missed rect{stroke:#dc2626;stroke-dasharray:6 4}.visits{text-anchor:end;font-size:10px!important}
.badge{fill:#dc2626}.count{text-anchor:middle;font-size:11px!important;fill:#fff!important}
.edge path{fill:none;stroke:var(--line);stroke-width:1.3}.tip{fill:var(--line)}
.edge.ladder path,.edge.global path{stroke-dasharray:4 4;opacity:.6}.edge.call path{stroke:#16a34a}
.edge .label{font-size:11px;text-anchor:middle;fill:var(--dim);paint-order:stroke;stroke:var(--paper);stroke-width:4px}
.edge.on path{stroke:var(--hot);stroke-width:2.4;opacity:1}.edge.on .label{fill:var(--hot)}`;

const pageStyle = `
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,"Noto Sans CJK SC",sans-serif;display:grid;grid-template:auto 1fr/1fr 360px;height:100vh}
header{grid-column:1/3;display:flex;gap:14px;align-items:center;padding:10px 16px;border-bottom:1px solid var(--edge)}h1{font-size:16px;margin:0}
input[type=search]{padding:6px 10px;border:1px solid var(--line);border-radius:8px;background:var(--card);color:inherit;width:230px}
label{color:var(--dim)}#stage{overflow:hidden;position:relative;touch-action:none;cursor:grab}#stage svg{width:100%;height:100%}
aside{border-left:1px solid var(--edge);padding:14px 16px;overflow:auto}aside h2{font-size:15px;margin:0 0 2px}aside p{margin:0 0 10px;color:var(--dim)}aside li{margin:0 0 7px;overflow-wrap:anywhere}aside ul{padding-left:18px}
.hide-ladder .edge.ladder,.hide-global .edge.global,.hide-global .node.globals{display:none}.faded .node:not(.hit){opacity:.2}
@media(max-width:800px){body{grid-template:auto 1fr 40vh/1fr}header{grid-column:1;flex-wrap:wrap}aside{border-left:0;border-top:1px solid var(--edge)}}`;

/** Pan, zoom, search and details; plain JavaScript, since the page has to work from a file without a network. */
const script = `
const data=JSON.parse(document.getElementById('data').textContent),byId=new Map(data.nodes.map(n=>[n.id,n]));
const svg=document.getElementById('graph'),stage=document.getElementById('stage'),side=document.getElementById('side');
const start=svg.viewBox.baseVal,full={x:start.x,y:start.y,w:start.width,h:start.height};let box={...full};
const show=()=>svg.setAttribute('viewBox',[box.x,box.y,box.w,box.h].join(' '));
const zoom=(f,cx=.5,cy=.5)=>{const w=Math.min(full.w*2,Math.max(200,box.w*f)),k=w/box.w;box.x+=box.w*(1-k)*cx;box.y+=box.h*(1-k)*cy;box.w=w;box.h*=k;show()};
stage.addEventListener('wheel',e=>{e.preventDefault();const r=stage.getBoundingClientRect();zoom(e.deltaY>0?1.12:1/1.12,(e.clientX-r.left)/r.width,(e.clientY-r.top)/r.height)},{passive:false});
let drag=null;stage.addEventListener('pointerdown',e=>{drag={x:e.clientX,y:e.clientY,moved:false}});
addEventListener('pointermove',e=>{if(!drag)return;const s=Math.max(box.w/stage.clientWidth,box.h/stage.clientHeight);if(Math.abs(e.clientX-drag.x)+Math.abs(e.clientY-drag.y)>3)drag.moved=true;box.x-=(e.clientX-drag.x)*s;box.y-=(e.clientY-drag.y)*s;drag.x=e.clientX;drag.y=e.clientY;show()});
addEventListener('pointerup',()=>{drag=null});
function pick(id){const n=byId.get(id);if(!n)return;document.querySelectorAll('.on').forEach(x=>x.classList.remove('on'));
for(const g of document.querySelectorAll('.node'))if(g.dataset.id===id)g.classList.add('on');
for(const g of document.querySelectorAll('.edge'))if(g.dataset.from===id||g.dataset.to===id)g.classList.add('on');
side.replaceChildren();const h=document.createElement('h2');h.textContent=id;const p=document.createElement('p');p.textContent=n.kind+(n.line?' · line '+n.line:'');const ul=document.createElement('ul');
for(const t of [...n.problems.map(x=>'⚠ '+x),...n.details]){const li=document.createElement('li');li.textContent=t;ul.append(li)}side.append(h,p,ul)}
for(const g of document.querySelectorAll('.node')){g.addEventListener('click',()=>pick(g.dataset.id));g.addEventListener('keydown',e=>{if(e.key==='Enter'||e.key===' '){e.preventDefault();pick(g.dataset.id)}})}
for(const k of ['ladder','global'])document.getElementById(k).addEventListener('change',e=>document.body.classList.toggle('hide-'+k,!e.target.checked));
document.getElementById('find').addEventListener('input',e=>{const q=e.target.value.trim().toLowerCase();document.body.classList.toggle('faded',q!=='');
for(const g of document.querySelectorAll('.node')){const n=byId.get(g.dataset.id);g.classList.toggle('hit',q!==''&&(n.id+' '+n.text+' '+n.details.join(' ')).toLowerCase().includes(q))}});
addEventListener('keydown',e=>{if(e.target.tagName==='INPUT')return;if(e.key==='+'||e.key==='=')zoom(.85);else if(e.key==='-')zoom(1.18);else if(e.key==='0'){box={...full};show()}else if(e.key==='/'){e.preventDefault();document.getElementById('find').focus()}});
pick(data.start);`;

/** What the page says of a node besides the drawing. */
export interface NodeNotes {
  /** In the file; null: not known. */
  readonly line: number | null;
  readonly problems: readonly string[];
}

/** The drawing as one HTML page that needs nothing else: search, pan, zoom, and all of a node on a click. */
export function graphPage(
  model: GraphModel,
  overlay: GraphOverlay,
  notesOf: (nodeId: string) => NodeNotes,
): string {
  const nodes = model.nodes.map((node) => ({ ...node, ...notesOf(node.id) }));
  const data = JSON.stringify({ start: model.start, nodes }).replace(/</g, '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(model.title)}</title><style>${graphStyle}${pageStyle}</style></head><body>
<header><h1>${escape(model.title)}</h1><input type="search" id="find" placeholder="Search ( / )" aria-label="Search">
<label><input type="checkbox" id="ladder" checked> ways out</label><label><input type="checkbox" id="global" checked> globals</label>
<label>${model.nodes.length} nodes · drag, wheel, + − 0</label></header>
<main id="stage">${drawGraph(model, overlay)}</main><aside id="side" aria-live="polite"></aside>
<script type="application/json" id="data">${data}</script><script>${script}</script></body></html>
`;
}

/** The drawing alone, with its look inside. */
export function graphSvg(model: GraphModel, overlay: GraphOverlay): string {
  const drawing = drawGraph(model, overlay);
  return drawing.replace('<defs>', `<style>${graphStyle}svg{background:var(--paper)}</style><defs>`);
}

/** The tree for tools that draw Mermaid. */
export function graphMermaid(model: GraphModel): string {
  const names = new Map(model.nodes.map(({ id }, i) => [id, `n${i}`]));
  const quoted = (text: string): string => `"${text.replace(/"/g, '#quot;').replace(/\s+/gu, ' ')}"`;
  return [
    'flowchart TD',
    ...model.nodes.map(({ id, kind }) => `  ${names.get(id) ?? ''}[${quoted(`${id} (${kind})`)}]`),
    ...model.edges.map(({ from, to, label, kind }) => {
      const arrow = kind === 'ladder' || kind === 'global' ? '-.->' : '-->';
      return `  ${names.get(from) ?? ''} ${arrow}${label === '' ? '' : `|${quoted(label)}|`} ${names.get(to) ?? ''}`;
    }),
    '',
  ].join('\n');
}
