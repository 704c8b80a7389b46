/**
 * Words of everyday service talk that mean about the same, one group a line; no word is in two groups.
 *
 * Written for customer service and assistants in general. An author's own words need no entry: examples teach them.
 */
const english = `
buy purchase buying bought purchased purchasing
pay paid paying payment payments pays
bill bills invoice invoices billing billed statement
money cash funds fund
cost costs price prices priced fee fees charge charges charged charging rate rates expensive
refund refunds refunded reimburse reimbursement reimbursed
cancel cancelled canceled cancelling canceling cancellation terminate void undo
stop quit end halt
close closing deactivate
delete remove erase deleted removed
change changed changing edit modify update updated alter switch adjust
wrong incorrect mistake error errors mistaken inaccurate erroneous
problem problems issue issues trouble fault
broken broke damaged cracked defective faulty
fix repair repaired fixed mend
fail failed failing fails failure declined rejected refused denied unsuccessful
work works working function functioning
send sent sending transfer transferred transferring wire
receive received receiving got getting arrive arrived arrives arrival come came coming
deliver delivered delivery shipping shipped ship shipment
package parcel order
return returns returned returning
lost lose losing missing misplaced
stolen stole steal theft robbed
find locate look search searching looking lookup
location located place
track tracking follow trace
wait waiting waited pending delay delayed late slow
time hour hours
long duration length
card cards
account accounts
password passcode pin login signin
open opened opening start begin create setup register
phone mobile cellphone cell telephone smartphone
call ring dial contact reach
text message sms
email mail
address home residence house
name called
speak talk chat conversation
person human agent operator representative somebody someone staff
help assist assistance support aid
tell say explain describe inform show
know aware understand
need require required necessary must
want like wish wanna desire prefer
many number count amount quantity
limit maximum max minimum cap
withdraw withdrawal withdrawing withdrawn
deposit topup top reload load
balance remaining left
country countries nation abroad overseas international foreign
currency currencies exchange conversion convert
dollar dollars usd bucks
verify verification confirm confirmation identity identify validate prove
book reserve reservation reservations booking schedule
restaurant diner eatery cafe
eat food meal dinner lunch breakfast dish
cook recipe prepare make bake
drink beverage
music song songs tune album
play playing listen
movie film movies films
tv television
weather forecast rain raining sunny temperature
travel trip vacation holiday journey
flight flights plane airplane fly flying
hotel motel lodging
car vehicle auto automobile
gas fuel petrol gasoline
tire tires tyre tyres
road traffic route directions way
doctor physician hospital clinic
sick ill illness
job employment career
boss manager supervisor
salary wage income paycheck earnings
pto leave
tax taxes
insurance insured policy coverage
loan mortgage lend borrow
credit score
bank banking
joke funny
remind reminder remember
alarm alarms wake
timer countdown
calendar agenda appointment appointments meeting meetings event
list lists
volume loud louder quiet quieter
light lights lamp
language languages
translate translation
meaning definition define mean means
spell spelling
fast quick quickly soon faster asap immediately
new another additional extra replacement replace
old previous former expired expire expires expiration
big large huge
small little tiny
good great nice fine
bad terrible awful poor
bye goodbye farewell
hello hi hey greetings
thanks thank appreciate
yes yeah yep sure correct
no nope nah
child kid kids children son daughter
friend friends
allow allowed possible permit permitted
use using used
reason why
receipt proof
discount coupon promotion offer deal sale
cheap cheaper inexpensive
internet wifi broadband network connection
battery power
`;

const chinese = `
查 查询 查看 查下 查查 看看 看下 看一下 查一下 搜 搜索 找 找找 寻找
账单 帐单 话费 费用 花费 消费 资费 收费 扣费 计费
钱 价格 价钱 多少钱 价 报价 售价 贵
付款 支付 付钱 缴费 交费 付 付费 交钱 缴纳
充值 充钱 充话费 续费
退款 退钱 退货 退 退掉 退回 退还
换 换货 更换 调换 改 修改 变更 更改 改成 换成 改一下
取消 撤销 不要了 不想要 作废
注销 销户 停用 关闭 关掉 关 停 停止 停机
打开 开启 启动 开 开通 运行 进入
办理 办 申请 申办
快递 包裹 物流 货 配送 送货 发货 邮寄 寄 寄送
订单 单子 下单
买 购买 购 想买 要买
卖 出售
坏 坏了 故障 出问题 不好用 失灵 不工作 异常 毛病
修 维修 修理 报修 修一下
断 断网 没网 上不了网 连不上 掉线 断线 断开
网 网络 宽带 上网 无线 信号
慢 卡 卡顿 很慢 太慢
快 加快 赶紧 尽快 快点
投诉 举报 不满 抱怨 意见
人工 客服 真人 专员 坐席 工作人员
帮助 帮忙 帮 帮我 帮帮我 协助
电话 号码 手机 手机号 座机 打电话 拨打 拨号 呼叫 打给 致电
短信 信息 消息 发短信 发信息
邮件 邮箱 电子邮件
密码 口令 登录 登陆 登不上
账号 帐号 账户 帐户 用户名
银行卡 信用卡 储蓄卡
转账 转帐 汇款 打款 转钱
余额 剩余 剩 还剩 剩下
流量 套餐 流量包
积分 优惠 打折 折扣 活动 优惠券 便宜
发票 收据 开票 凭证
地址 位置 地点 住址 在哪 在哪里 哪里 哪儿 什么地方
怎么走 路线 怎么去 导航 前往 走
附近 周边 周围 旁边 最近的
时间 几点 什么时候 何时 时候 几时 多久 多长时间 多会儿
今天 今日 今儿
明天 明日 明儿
后天 大后天
天气 气温 温度 下雨 晴 冷 热 刮风 天气预报 雨 雪
听 播放 放 放一首 来一首 唱 来首 听听 播
歌 歌曲 音乐 曲子 曲 首歌 歌手
电影 影片 片子 大片
电视 电视剧 剧 连续剧 节目 频道
视频 看 观看
新闻 资讯 头条
故事 讲 讲个 讲一个 说个 说一个
笑话 段子 搞笑 幽默 好笑
翻译 译 怎么说 用英语说 英文 英语
意思 含义 解释 什么是 啥意思
飞机 航班 机票 飞 班机 飞往
火车 高铁 动车 车票 列车 火车票 车次
汽车 大巴 客车 长途车
公交 公交车 地铁 车站
酒店 宾馆 旅馆 住宿 客房 房间
预订 预定 预约 订 定 订一张 订个
饭店 餐馆 餐厅 饭馆 吃饭 美食 好吃的 吃
怎么做 做法 菜谱 烧 炒 做菜 烹饪
医院 医生 大夫 看病 挂号
病 症状 治疗 治 吃什么药 药 疼 痛
股票 股价 大盘 股市 涨 跌 走势
彩票 中奖 开奖 双色球 大乐透 福彩
比赛 球赛 比分 赛程 球队 足球 篮球
诗 诗词 古诗 诗句 诗人 作者 谁写的
小说 书 看书 阅读
节日 放假 假期 过节 假日 节
农历 阴历 日期 几号 星期几 周几 黄历
闹钟 提醒 叫我 闹铃 起床
日程 安排 计划 会议 行程
计算 算 等于 多少
网站 网页 网址 浏览器
软件 应用 程序 下载 安装 卸载
音量 声音 大声 小声 大点声 调高 调低
上一个 前一个 上一首
下一个 后一个 下一首
重复 再说一遍 重说 再来一遍 没听清 没听见
你好 您好 嗨 早上好 晚上好
再见 拜拜 回见
谢谢 感谢 多谢
名字 叫什么 姓名 称呼
老婆 媳妇 妻子 爱人
孩子 儿子 女儿 小孩 宝宝
朋友 好友 哥们
妈妈 母亲 老妈 妈
爸爸 父亲 老爸 爸
为什么 为何 为啥 怎么回事 原因 怎么会
能不能 可不可以 行不行 能否 是否
丢 丢了 遗失 找不到 不见了 挂失 丢失
错 错误 不对 有误 搞错
收到 收 没到 到了 到账
发 发送 传 送 发给
星座 运势 运程
谜语 猜 灯谜
照片 图片 拍照 相片 相机
`;

/** Words that carry grammar rather than meaning; they weigh less, yet not nothing ("no", "how" decide sometimes). */
const englishFunctionWords = `
a an the i me my mine we us our you your he she it its they them their this that these those
is am are was were be been being do does did done have has had having will would shall should can could may might must
to of in on at by for from with about into over as and or but if so not no dont cant wont im ive id ill isnt didnt doesnt
there here what which who whom whose when where why how please tell me let want need like know get got go
some any just up out all more most also then than too very really
`;

const chineseFunctionCharacters =
  '的了吗呢啊吧呀我你您他她它们是在有和就也都不要想请帮给这那个一下能可以怎么什会到去来说';

const groups = new Map<string, string>();
for (const table of [english, chinese]) {
  table
    .trim()
    .split('\n')
    .forEach((line, index) => {
      const name = (table === english ? 'e' : 'z') + String(index);
      for (const word of line.split(' ')) groups.set(word, name);
    });
}

const functionWords = new Set(englishFunctionWords.trim().split(/\s+/));
const functionCharacters = new Set(chineseFunctionCharacters);

/** The longest Chinese word of a group, in characters. */
const longestHanWord = 6;

/** The group of a word (English: lower case, without apostrophe; Chinese: as written), or null. */
export function groupOf(word: string): string | null {
  return groups.get(word) ?? null;
}

export function isFunctionWord(word: string): boolean {
  return functionWords.has(word);
}

export function isFunctionCharacter(character: string): boolean {
  return functionCharacters.has(character);
}

/** Calls `visit` with the group of each word of a table found in a run of Han characters, longest first. */
export function forEachHanGroup(run: string, visit: (group: string) => void): void {
  for (let start = 0; start < run.length;) {
    let length = Math.min(longestHanWord, run.length - start);
    let group: string | undefined;
    for (; length > 0; length--) {
      group = groups.get(run.slice(start, start + length));
      if (group !== undefined) break;
    }
    if (group !== undefined) visit(group);
    start += Math.max(1, length);
  }
}

/** Every group as its words, for tests and for noise in stories. */
export function wordGroups(): string[][] {
  return [english, chinese].flatMap((table) =>
    table
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
}
