/** Toneless syllable, then the common characters read so; a character with several readings stands at its commonest. */
const table = `
a啊阿 ai爱矮哎碍 an安按案暗岸 ang昂 ao奥傲
ba八把爸吧罢拔巴 bai百白败拜摆 ban办半班般版板搬伴 bang帮棒邦榜绑 bao报包保宝抱饱薄爆 bei被北备背杯倍贝悲 ben本奔笨
bi比笔必币避闭毕逼壁鼻 bian变边便遍编辩 biao表标 bie别 bin宾滨 bing并病兵冰饼 bo播波博拨伯 bu不部步布补
ca擦 cai才菜采彩财材猜 can参餐残惨 cang藏仓 cao操草 ce测策侧册 ceng层曾 cha查差茶插察 chai拆 chan产 chang常场长厂唱尝偿
chao超朝吵炒 che车撤彻 chen陈晨沉称 cheng成城程乘诚承 chi吃迟持尺池 chong冲充虫宠 chou抽愁丑 chu出处初除储 chuan传船穿
chuang床窗创 chui吹 chun春纯 ci次词此辞磁 cong从聪匆 cu促粗醋 cun存村 cuo错措
da大打达答搭 dai带待代贷袋戴 dan单但担蛋淡弹 dang当党挡 dao到道倒导刀岛 de的得德 deng等登灯 di地第低底弟递敌 dian点电店典
diao掉调吊 die跌叠爹 ding定订顶丁 diu丢 dong动东懂冬洞 dou都豆斗 du度读独堵毒 duan段短断端 dui对队兑 dun顿吨 duo多夺躲
e饿额恶鹅 en恩嗯 er二而儿耳
fa发法罚 fan反饭烦翻返犯范 fang方放房防访 fei费非飞肥废 fen分份纷粉 feng风封丰 fo佛 fou否 fu付服复父负福附富府副
gai该改盖概 gan干感赶敢 gang刚港钢 gao高告搞稿 ge个各歌哥格隔 gei给 gen跟根 geng更耕 gong工公功共供宫 gou够购狗构 gu古故顾股姑骨
gua挂瓜刮 guai怪乖 guan关管观馆官惯 guang光广 gui贵归规鬼柜 gun滚 guo过国果锅
ha哈 hai还海害孩 han汉喊汗寒 hang行航 hao好号毫耗 he和合河喝何盒核 hei黑 hen很狠恨 heng横 hong红宏洪 hou后候厚 hu户护呼互湖忽
hua话花化划画滑华 huai坏怀 huan换还环欢缓 huang黄慌 hui会回汇灰惠毁 hun婚混 huo活火货或获伙
ji机几记级极集急及己计技基寄继际季鸡积绩 jia家加价假架佳夹甲 jian见件间建检简减健坚剪渐 jiang将讲江奖降 jiao叫交教较脚角缴胶
jie接节结解街界借姐届介 jin进今金近紧禁尽仅 jing经京精静景警境净竟 jiu就九久酒旧救究 ju局据举句剧具居距 juan卷捐 jue觉决绝 jun军均
ka卡咖 kai开凯 kan看刊 kang康抗 kao考靠烤 ke可科课客刻克 ken肯 keng坑 kong空控恐 kou口扣 ku苦哭库酷 kua跨 kuai快块筷 kuan款宽
kuang况矿 kun困 kuo扩阔
la拉啦辣 lai来赖 lan蓝兰懒烂 lang浪郎 lao老劳 le了乐 lei类累泪雷 leng冷 li里理力李利离立历例礼丽 lian连联脸练恋 liang两量亮凉辆
liao料聊疗 lie列烈 lin林临邻 ling零领另令灵铃 liu六流留刘 long龙隆 lou楼漏 lu路录陆露炉 lv绿率旅虑律 luan乱 lun论轮 luo落罗
ma吗妈马码嘛麻骂 mai买卖麦 man满慢 mang忙 mao毛猫冒贸 me么 mei没美每妹媒 men们门 meng梦 mi米密迷秘 mian面免棉 miao秒妙苗 min民
ming明名命 mo末莫模摸 mou某 mu目母木幕
na那拿哪纳 nai奶耐 nan男南难 nang囊 nao脑闹 ne呢 nei内 neng能 ni你泥 nian年念 niang娘 niao鸟 nin您 ning宁 niu牛扭 nong农弄 nu努怒 nv女 nuan暖
o哦噢 ou欧偶
pa怕爬 pai拍排牌派 pan盘判盼 pang旁胖 pao跑泡 pei配陪赔 pen喷 peng朋碰 pi批皮疲脾 pian片偏骗篇 piao票漂 pin品拼贫 ping平评瓶凭苹 po破迫 pu普铺
qi起期气七其器奇齐骑企汽弃 qia恰 qian前钱千签欠牵浅 qiang强抢墙枪 qiao桥巧敲 qie且切 qin亲勤 qing请情清轻青庆 qiong穷 qiu求球秋
qu去取区曲趣 quan全权圈券 que却确缺 qun群
ran然燃 rang让 rao绕 re热 ren人认任忍 reng仍 ri日 rong容荣 rou肉 ru如入 ruan软 rui瑞 ruo若弱
sa撒 sai赛 san三散伞 sang桑 sao扫 se色 sen森 sha杀沙傻 shai晒 shan山善闪 shang上商伤 shao少烧稍 she设社舍射 shei谁 shen身什深神审申甚
sheng生声省升胜剩 shi是时事市十使式实试师识世始失适视室石 shou手收受首售 shu书数树输属术熟 shua刷 shuai帅摔 shuan栓 shuang双爽 shui水睡税
shun顺 shuo说 si四死思司私似 song送松 sou搜 su诉速素苏 suan算酸 sui岁随虽碎 sun损孙 suo所锁
ta他她它 tai太台态 tan谈探 tang堂糖躺汤 tao套讨桃逃 te特 teng疼 ti题提体替梯 tian天填田甜 tiao条跳 tie贴铁 ting听停厅庭 tong通同统痛童
tou头投偷 tu图土途突 tuan团 tui退推腿 tuo脱拖托
wa哇挖 wai外 wan完晚万玩碗湾 wang网往忘王望 wei为位未喂微维卫味围伟委尾 wen问文温稳闻 wo我握 wu无五物午误务屋舞武
xi系西洗喜息希习戏细席吸 xia下夏吓 xian先现线显限险县闲鲜 xiang想向像相项香响详 xiao小笑校消效销 xie些写谢鞋血 xin新心信薪 xing姓星兴性形型醒
xiong兄雄 xiu修休秀 xu需许续须序 xuan选宣 xue学雪 xun寻讯询训
ya呀压牙押 yan言眼研严烟盐验演延 yang样养阳洋 yao要药邀摇腰 ye也业夜爷页叶 yi一以已意义医亿衣易移议依疑幺 yin因音银引印 ying应英影硬营赢
yong用永 you有又友由右油优游邮 yu雨语鱼于与育余预玉域遇 yuan元远员院原园愿源 yue月越约乐 yun云运允
za杂 zai在再载 zan咱赞暂 zang脏 zao早造找 ze责则 zen怎 zeng增 zha炸 zhai宅摘 zhan站战占展 zhang张章账帐掌涨 zhao照招着 zhe这者折 zhen真针阵
zheng正整证政争 zhi只知之直值支指至制治止纸质址 zhong中种重钟终众 zhou周州洲 zhu住主注助祝猪竹 zhua抓 zhuan转专赚 zhuang装状壮 zhui追
zhun准 zhuo桌捉 zi自字子资姿 zong总宗 zou走 zu组足租祖 zui最嘴罪 zun尊 zuo做作坐昨左座
`;

const syllables = new Map<string, string>();
const characters = new Map<string, readonly string[]>();
for (const entry of table.trim().split(/\s+/)) {
  const [syllable = ''] = /^[a-z]+/.exec(entry) ?? [];
  const own = [...entry.slice(syllable.length)].filter((character) => !syllables.has(character));
  for (const character of own) syllables.set(character, syllable);
  characters.set(syllable, own);
}

/** The toneless Pinyin syllable of one of some 1,100 common characters (ü as v), or null. */
export function pinyinOf(character: string): string | null {
  return syllables.get(character) ?? null;
}

/** Other common characters of the same syllable, tones aside: what a recogniser may hear instead. */
export function homophonesOf(character: string): readonly string[] {
  const syllable = syllables.get(character);
  if (syllable === undefined) return [];
  return (characters.get(syllable) ?? []).filter((other) => other !== character);
}
