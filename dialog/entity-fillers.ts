const chinese = new Set(
  (
    '我 要 想 就 是 那 那个 这个 嗯 呃 啊 哦 额 吧 呢 了 的 呀 嘛 哈 喂 对 好 好的 好吧 请 帮 给 给我 帮我 我要 我想 我想要 ' +
    '我说 说 应该 大概 可能 选 选择 选项 选第 要第 来 办 订 买 定 总共 一共 共 有 您好 你好 谢谢 谢谢你 不好意思 我的 他的 ' +
    '她的 号码 手机 手机号 手机号码 电话 电话号码 卡号 银行卡 银行卡号 身份证 身份证号 身份证号码 证件号 车牌 车牌号 ' +
    '邮箱 邮箱地址 邮件 地址 尾号 金额 数量 个 位 张 份 件 条 项 人 名 间 台 只 次 天 块 钱 元 号 号的 那条 那项 就好 ' +
    '就行 即可 可以 行 哎 诶 嘿 整 都 也 吗 我们 咱们 需要 不是 不对 改成 改为 换成'
  ).split(' '),
);
const english = new Set(
  (
    'i id im ill we us my mine the a an is are its it that thats this please thanks thank you just um uh er erm oh well ' +
    'so make want need would like to be have got get take give me let lets say said about for of in all only yes yeah ' +
    'yep ok okay hi hello number numbers option choice item line one ones people persons person tickets ticket times ' +
    'pieces items account card phone mobile cell email mail address amount total choose pick select prefer sorry mean ' +
    'actually think there will can go with now at'
  ).split(' '),
);
const longestChinese = 5;
/** With more around it, a value is part of a sentence. */
const longestSurroundings = 60;
const words = /\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}'’])+/gu;

/** True when all that is said besides the given part of a normal text carries no meaning of its own. */
export function isBare(text: string, start: number, end: number): boolean {
  if (text.length - (end - start) > longestSurroundings) return false;
  return isOnlyFillers(text.slice(0, start)) && isOnlyFillers(text.slice(end));
}

/** True for silence, hesitation and politeness: 嗯我要…吧, "um, I would like … please". */
export function isOnlyFillers(text: string): boolean {
  for (const [run] of text.matchAll(words)) {
    if (/^\p{Script=Han}/u.test(run) ? !isChineseFiller(run) : !english.has(run.replace(/['’]/g, '')))
      return false;
  }
  return true;
}

/** Greedy, longest word first. */
function isChineseFiller(run: string): boolean {
  for (let at = 0; at < run.length;) {
    let length = Math.min(longestChinese, run.length - at);
    while (length > 0 && !chinese.has(run.slice(at, at + length))) length--;
    if (length === 0) return false;
    at += length;
  }
  return true;
}
