/** Chinese digits, everyday, in documents (壹), and of the telephone (幺). */
export const chineseDigits: ReadonlyMap<string, number> = new Map(
  ['零〇○', '一幺壹', '二两贰', '三叁', '四肆', '五伍', '六陆', '七柒', '八捌', '九玖'].flatMap(
    (characters, value) => [...characters].map((character) => [character, value] as const),
  ),
);

/** 十, 百 and 千, which multiply within a group of four places. */
export const chineseUnits: ReadonlyMap<string, number> = new Map([
  ['十', 10],
  ['拾', 10],
  ['百', 100],
  ['佰', 100],
  ['千', 1000],
  ['仟', 1000],
]);

/** 万 and 亿, which multiply whole groups. */
export const chineseGroups: ReadonlyMap<string, number> = new Map([
  ['万', 10_000],
  ['亿', 100_000_000],
]);

/** One character for a multiple of ten. */
export const chineseTens: ReadonlyMap<string, number> = new Map([
  ['廿', 20],
  ['卅', 30],
  ['卌', 40],
]);

/** Counters after which 半 adds a half: 两个半, 三斤半. */
export const chineseCounters: ReadonlySet<string> = new Set(
  '个位张份件本条台部辆间套只瓶杯盒箱包次回遍层楼岁斤米里年天月人名家门座群双对把支片',
);

/** Words with a numeral inside that name no number. */
const chineseIdioms =
  '一下 一下子 一样 一起 一直 一些 一定 一般 一会 一会儿 一共 一边 一旦 一切 一律 一致 一路 一面 一向 一时 一带 一生 ' +
  '一辈子 一方面 一部分 一卡通 一键 一手 一模一样 一清二楚 一五一十 一干二净 一来二去 一而再 一言为定 一块儿 一块去 ' +
  '一概 一并 一再 一贯 一度 一齐 一旁 一口气 一系列 一窍不通 一塌糊涂 一举两得 一心一意 一无所知 万一 统一 唯一 之一 ' +
  '单一 专一 不一 进一步 同一 独一无二 说一不二 不管三七二十一 三心二意 乱七八糟 九牛一毛 三番五次 四面八方 五花八门 ' +
  '七上八下 十全十美 八九不离十 三三两两 再三 接二连三 张三 李四 王五 王二 老三 小二 老二 老大 二维码 二手 二话 ' +
  '两边 两侧 两口子 两难 半天 半夜 半路 四川 三亚 三星 三峡 三明治 三角形 四处 四周 四季 四平 四合院 五金 五官 五一节 ' +
  '六一节 八一路 七夕 九江 九寨沟 十字 十堰 十足 三轮 五环 ' +
  '二环 三环 四环 六环 三国 五行 八卦 三里屯 五道口 六里桥 二胎 三胎 五险一金 一带一路 二次元 一年到头 一个劲 一言难尽';

/** The idioms by their first character, longest first. */
export const idiomsByFirst: ReadonlyMap<string, readonly string[]> = byFirst(chineseIdioms.split(' '));

function byFirst(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const word of [...words].sort((a, b) => b.length - a.length)) {
    const first = word.charAt(0);
    groups.set(first, [...(groups.get(first) ?? []), word]);
  }
  return groups;
}

const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen ' +
  'eighteen nineteen';
const smallOrdinals =
  'zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth ' +
  'fifteenth sixteenth seventeenth eighteenth nineteenth';

/** `zero` to `nineteen`. */
export const englishSmall: ReadonlyMap<string, number> = new Map([
  ...small.split(' ').map((word, value) => [word, value] as const),
  ['nought', 0],
  ['naught', 0],
]);

/** `twenty` to `ninety`. */
export const englishTens: ReadonlyMap<string, number> = new Map(
  'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ').map((word, i) => [word, (i + 2) * 10]),
);

/** `thousand` and above, which multiply what was said since the one before. */
export const englishScales: ReadonlyMap<string, number> = new Map([
  ['thousand', 1e3],
  ['million', 1e6],
  ['billion', 1e9],
  ['trillion', 1e12],
]);

/** `first`, `twentieth` and so on, with what they add. */
export const englishOrdinals: ReadonlyMap<string, number> = new Map([
  ...smallOrdinals.split(' ').map((word, value) => [word, value] as const),
  ...[...englishTens].map(([word, value]) => [word.replace(/y$/, 'ieth'), value] as const),
]);

/** Parts of one: a half, two thirds. `second` is no part. */
export const englishParts: ReadonlyMap<string, number> = new Map([
  ['half', 2],
  ['halves', 2],
  ['quarter', 4],
  ['quarters', 4],
  ...[...englishOrdinals]
    .filter(([, value]) => value >= 3 && value <= 10)
    .flatMap(([word, value]) => [[word, value] as const, [`${word}s`, value] as const]),
]);
