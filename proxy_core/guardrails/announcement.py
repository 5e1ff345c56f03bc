"""Whether a sentence announces an action of the speaker's own, to be done now: "Let me read the file", "Voy a ...".

A condition or an offer ("once you confirm", "let me know") leaves the next step to the other side and is none. Each
language has a pattern of what announces and one of what takes that back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class _Language:
    announcing: str
    leaving: str

    def announces(self, sentence: str) -> bool:
        return bool(_compiled(self.announcing).search(sentence))

    def leaves(self, sentence: str) -> bool:
        return bool(_compiled(self.leaving).search(sentence))

    def match(self, sentence: str) -> bool:
        return self.announces(sentence) and not self.leaves(sentence)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern; compiled when it is first needed, for all together take 12 ms that no start should wait for."""
    return re.compile(pattern, re.IGNORECASE)


_ENGLISH_ACTS = (
    r"(?:add|adjust|apply|build|check|clean|creat|debug|delet|edit|examin|execut|explor|extract|fetch|find|fix|gather"
    r"|generat|grepp|implement|inspect|install|investigat|list|look|mak|mov|open|patch|pull|push|read|refactor|remov"
    r"|renam|replac|rerunn|runn|scann|search|sett|start|swapp|test|trac|try|updat|verify|view|wir|writ)ing"
)
_ENGLISH = _Language(
    r"(?:^|[,;:—–-]\s*|\b(?:so|and|then|but|now|next|first|finally|also|okay|ok|good|great|right|alright"
    r"|well)\b,?\s+)"
    r"(?:let me\b(?! know)|let['’]?s\b|i['’]ll\b|i will\b|i['’]m (?:now )?(?:going to|about to)\b"
    r"|i am (?:now )?(?:going to|about to)\b|i (?:now |still |also |first )?(?:need|have|want) to\b"
    r"|i (?:should|must)\b|we should (?:first|now|next)\b"
    r"|we['’]ll\b|we (?:now |still )?need to\b|time to\b)"
    r"|^(?:now|next|first|then|finally)?,?\s*(?:continuing|proceeding|moving on|starting|beginning|resuming)\b"
    r"(?: with| to| by| on| from)?\b"
    r"|^(?:now|next|first|then),?\s+(?:i['’]m |we['’]re )?\w+ing\b"
    r"|^(?:now|next)\s+(?:to|for)\b|^going to\b|^next (?:step|up):"
    rf"|^(?:(?:ok|okay|alright|all right|right|good|great|understood|perfect),?\s+)?{_ENGLISH_ACTS}\b[^,:;]*$"
    rf"|^i['’]m (?:now )?{_ENGLISH_ACTS}\b",
    r"\b(?:if|once|when|whenever|after|unless|until|should|as soon as|in case) (?:you|your|we hear)\b|^if\b"
    r"|\blet (?:me|us) know\b|\bwait(?:ing)? for\b|\bready to\b|\b(?:happy|glad|able|available) to\b|\bfeel free\b"
    r"|\byour (?:approval|confirmation|go-ahead|decision|input|answer|reply|permission|review)\b"
    r"|\bif (?:needed|so|that|wanted)\b"
    r"|\bi(?:['’]ll| will) (?:wait|stop|leave|pause|hold|not|be happy|be glad|be here|let you|defer|need (?!to\b))\b"
    r"|\bi need (?:you|your)\b|\b(?:need|password|key|help|details|access|information) from you\b"
    r"|\bi (?:need|have|want) to (?:know|ask|note|mention|point out|say|stress|clarify|confirm with|hear"
    r"|emphasi[sz]e)\b"
    r"|\bi should (?:note|mention|point out|say|add that|also note|also mention)\b|\blet['’]?s (?:say|discuss|talk)\b"
    r"|\blet me (?:summari[sz]e|explain|clarify|be clear|recap|add that)\b"
    r"|\bi must (?:admit|say|stress)\b|\bwould (?:you )?like\b|\bplease (?:confirm|tell|provide|let)\b"
    r"|^\w+ing\b.* \w{3,}(?<!s)s (?:the|a|an|it|this|that|no|nothing)\b"
    r"|^\w+ing\b.*\b(?:is|are|was|were|will|would|can|could|should|may|might|has|have|does|do|did|helps?|fixes|fixed"
    r"|solves|solved|requires|takes|took|needs|means|makes|made|gives|gave|led|worked|works|fails|failed|returns?"
    r"|causes|caused|showed|reported|improved|reduced|halved|doubled)\b",
)
_GERMAN_ACTS = (
    r"(?:schaue?|sehe|prüfe|überprüfe|lese|öffne|suche|führe|starte|erstelle|schreibe|passe|korrigiere|behebe|ändere"
    r"|aktualisiere|füge|beginne|fange|mache|teste|untersuche|analysiere|lösche|entferne|installiere|ergänze"
    r"|implementiere|ersetze|verschiebe|lasse|setze|baue|rufe|kümmere|durchsuche|gehe|nehme|hole|versuche|probiere"
    r"|kompiliere|bearbeite|räume|benenne)"
)
_GERMAN = _Language(
    r"\bich werde\b|\b(?:lass|lassen sie) (?:mich|uns)\b|\b(?:jetzt|nun|zuerst|zunächst|dann|als nächstes|als erstes"
    r"|danach) (?:\w+e|muss|will) ich\b|^(?:jetzt|nun|zuerst|zunächst|dann|als nächstes) werde ich\b"
    r"|\bich \w+e (?:mir )?(?:jetzt|nun|zuerst|zunächst|als nächstes|erst)\b"
    r"|\bich muss (?:mir )?(?:jetzt|nun|noch|zuerst|erst)\b"
    rf"|^(?:(?:gut|okay|ok|alles klar),? )?(?:ich {_GERMAN_ACTS}|(?:schauen|sehen|prüfen|beginnen|fangen) wir)\b"
    r"|^zuerst muss ich\b",
    r"\b(?:wenn|falls|sobald|solange|bevor|ob) (?:sie|du|ihr)\b|\bbescheid\b|\bwissen, (?:ob|wenn|falls)\b"
    r"|\bwarte auf\b|\bgern(?:e)?\b|\bwerde nichts\b|\bwerde (?:das |es |sie )?nicht\b"
    r"|\bihre (?:zustimmung|bestätigung|antwort)\b",
)
_FRENCH_ACTS = (
    r"(?:commence|regarde|vérifie|modifie|corrige|lance|procède|lis|ouvre|cherche|crée|ajoute|mets|exécute|supprime"
    r"|remplace|teste|examine|analyse|installe|inspecte|explore|continue|passe|écris|fais|compile|essaie|parcours|relance|construis|renomme|déplace|nettoie)"
)
_FRENCH = _Language(
    r"\bje vais\b|\b(?:laissez|laisse|permettez|permets)-moi\b|\bje dois (?:maintenant|d['’]abord|encore)\b"
    r"|\bmaintenant,? je\b|^(?:commençons|passons|voyons|examinons|regardons|vérifions|corrigeons"
    r"|lançons|continuons|(?!\w*[ts]ions\b|bons\b|dons\b|sons\b|tons\b)\w{3,}ons)\b|\bje m['’]apprête à\b"
    r"|^(?:(?:ensuite|puis|d['’]abord|maintenant|d['’]accord|bien|ok|bon),? )?"
    rf"je (?:l['’]|la |le |les )?(?:{_FRENCH_ACTS}|m['’]occupe)\b",
    r"\bsi (?:vous|tu)\b|\bdès que vous\b|\bdites-moi\b|\bfaites-moi savoir\b|\bn['’]hésite|\battends\b"
    r"|\ben attente\b|\bje (?:ne|n['’])",
)
_SPANISH_ACTS = (
    r"(?:modifico|actualizo|empiezo|comienzo|reviso|ejecuto|corrijo|leo|busco|creo (?:el|la|un|una)|añado|agrego"
    r"|compruebo|verifico|abro|cambio|instalo|analizo|elimino|reemplazo|miro|pruebo|sigo|continúo|escribo)"
)
_SPANISH = _Language(
    r"\bvoy a\b|\b(?:déjame|dejame|déjeme|permíteme|permítame)\b|^(?:ahora |primero,? |luego )?vamos a\b"
    r"|\bproced(?:o|eré) a\b"
    r"|^(?:comencemos|empecemos|veamos|revisemos|sigamos|probemos|intentemos|busquemos|ejecutemos|corrijamos)\b"
    r"|^(?:ahora|primero),? (?!todo|esto|eso|solo|como|cuando)\w+o (?:el|la|los|las|un|una)\b"
    r"|\bme (?:ocupo|encargo) (?:ahora )?de\b|^necesito (?:primero )?\w+[aei]r\b"
    r"|\b(?:ahora|primero|a continuación|luego),? (?:\w+ré|necesito|debo|tengo que)\b|\b\w+ré (?:ahora|primero)\b"
    rf"|^(?:(?:ahora|primero|a continuación|luego|bien|vale|de acuerdo),? )?{_SPANISH_ACTS}\b",
    r"\bsi (?:quieres|desea|deseas|quiere|me|lo|prefieres|necesitas|necesita)\b|\bav[ií]s[ae]me\b"
    r"|\bespero\b|\buna vez que\b|\bcuando (?:quieras|me|lo|usted)\b|\bdime\b|\bno voy a\b|\bque (?:me|usted|tú)\b",
)
_PORTUGUESE_ACTS = (
    r"(?:modifico|atualizo|começo|inicio|reviso|executo|corrijo|leio|procuro|crio|adiciono|verifico|abro|mudo|instalo"
    r"|analiso|removo|substituo|testo|continuo|escrevo)"
)
_PORTUGUESE = _Language(
    r"\b(?:agora |primeiro )?vou \w+[aei]r\b|\b(?:deixe|deixa)-me\b|\bdeix[ae] eu\b|\birei \w+r\b"
    r"|^(?:agora|primeiro),? (?!tudo|isso|isto|como|quando)\w+o (?:o|a|os|as|um|uma)\b|^vejamos\b"
    r"|^(?:agora,? )?vamos \w+[aei]r\b|\bagora (?:preciso|devo)\b|\bpreciso (?:agora|primeiro)\b"
    rf"|^(?:(?:agora|primeiro|em seguida|depois|certo|ok|bem),? )?{_PORTUGUESE_ACTS}\b",
    r"\bse (?:você|quiser|desejar|preferir|precisar)\b|\bme avise\b|\bavise-me\b|\bassim que\b"
    r"|\baguard[oa]\b|\bquando você\b|\bnão vou\b",
)
_ITALIAN_ACTS = (
    r"(?:procedo|eseguo|controllo|leggo|correggo|aggiorno|verifico|aggiungo|modifico|inizio|comincio|apro|cerco"
    r"|creo (?:il|lo|la|un|una|i|gli|le)"
    r"|scrivo|analizzo|provo|rimuovo|sostituisco|installo|guardo|esamino|continuo|passo)"
)
_ITALIAN = _Language(
    r"\b(?:ora|adesso|prima|poi) (?:devo|vado|\w+rò)\b|\bdevo (?:prima|ora|adesso)\b|^vado a\b"
    r"|\b(?:lasciami|fammi)\b(?! sapere)|\bsto per\b|\bprocedo (?:con|a)\b|\b\w+rò (?:ora|adesso|prima)\b"
    r"|^(?:ora |adesso )?(?:vediamo|controlliamo|verifichiamo|passiamo|eseguiamo|cominciamo|iniziamo"
    r"|(?!abbiamo|siamo|possiamo|dobbiamo|vogliamo|sappiamo|avevamo)\w+iamo)\b|\bmi occupo (?:ora )?d"
    r"|^(?:ora|adesso|prima),? (?!tutto|questo|quello|come|quando)\w+o (?:il|lo|la|i|gli|le|l['’]|un|una)\b"
    rf"|^(?:(?:ora|adesso|prima|poi|per prima cosa|quindi|bene|ok),? )?{_ITALIAN_ACTS}\b",
    r"\bse (?:vuoi|vuole|desideri|preferisci)\b|\bfammi sapere\b|\bmi faccia\b|\bappena\b|\battendo\b"
    r"|\bin attesa\b|\bdimmi\b|\bnon \w+rò\b",
)
_RUSSIAN_ACTS = (
    r"(?:проверю|посмотрю|исправлю|запущу|добавлю|начну|прочитаю|открою|обновлю|создам|напишу|удалю|изучу|найду|выполню"
    r"|внесу|заменю|изменю|просмотрю|продолжу|сделаю|попробую|перейду|поищу|установлю|проверяю|смотрю|запускаю|исправляю"
    r"|читаю|открываю|создаю|обновляю|добавляю|изучаю|ищу|начинаю|продолжаю)"
)
_RUSSIAN = _Language(
    r"\b(?:сейчас|теперь|сначала|далее|затем|потом),? я\b|\bдавай(?:те)?\b|\bпозволь(?:те)? мне\b|\bдай(?:те)? мне\b"
    rf"|^(?:(?:хорошо|отлично|понятно),? )?(?:сейчас|теперь|сначала|далее|затем)?,? ?(?:я )?{_RUSSIAN_ACTS}\b"
    r"|^(?:сейчас|теперь|сначала|далее|затем),? \w+(?:[ую]|усь|юсь)\b|^(?:я )?(?:займусь|возьмусь|постараюсь)\b"
    rf"|\bя (?:сейчас|теперь|буду|{_RUSSIAN_ACTS})\b|\b(?:приступаю|перехожу) к\b|\bмне (?:нужно|надо)\b"
    r"|^(?:посмотрим|начн[её]м|проверим|исправим|перейд[её]м|запустим|попробуем|продолжим)\b",
    r"\bесли (?:вы|ты|хот|нужно|потребуется)|\bкак только\b|\bдайте знать\b|\bсообщи|\bжду\b|\bожидаю\b"
    r"|\bкогда вы\b|\bскажи|\bне буду\b|\bот вас\b",
)
_CHINESE_ACTS = (
    r"(?:执行|运行|修改|修复|检查|查看|更新|添加|读取|创建|搜索|查找|打开|分析|编写|删除|测试|看|读|改|找|写|试"
    r"|编译|处理|实现|解决|重构|安装|尝试|浏览|阅读|调试|清理|优化|重新|继续|构建|启动|生成|替换|移除|定位|排查)"
)
_CHINESE = _Language(
    r"让我|让我们|我(?:们)?(?:现在|接下来|马上|先|再|这就)?(?:将|会|要|来|去|需要|准备|开始)|我(?:们)?先"
    r"|(?:现在|接下来|下面|首先|然后|下一步)[,，:：]?(?:我|让|来|开始|需要|要|将|去|就)"
    rf"|(?:现在|接下来|下面|首先|然后|下一步|我马上|我现在|我这就)[,，:：]?{_CHINESE_ACTS}|^先{_CHINESE_ACTS}",
    r"如果(?:你|您|需要)|(?:你|您)(?:确认|同意|决定|提供)|请(?:告诉|确认|告知|提供)|一旦|等待|等(?:你|您)|需要的话|随时"
    r"|了[。.！!]?$|不会|即可",
)
_JAPANESE = _Language(
    r"(?:次に|まず|これから|今から|続いて|それでは|では|さっそく).*(?:ます|ましょう|する|たい)[。．.!！]?$"
    r"|(?:確認|実行|修正|追加|更新|作成|変更|削除|調査|検索|チェック|読み|調べ|開き|見て|書き|直し|試し|開始|実装|探し|ビルド|コンパイル|インストール|対処|対応|試|整理|デバッグ|起動|分析|置き換え|リファクタリング)\w*"
    r"(?:してみます|します|てみます|ていきます|みます|ましょう|[みべきし]ます)[。．.!！]?$",
    r"ください|お知らせ|よろしければ|必要(?:であれば|なら)|お待ち|ご希望|ご確認|もし|場合は|できます|関数は|メソッドは|自動的に|これで|は起動します|は動作します",
)
_KOREAN = _Language(
    r"(?:이제|먼저|다음으로|우선|그럼|지금부터|이어서).*(?:겠습니다|게요|합니다|습니다|보자|하자|보죠|하죠)[.。!]?$"
    r"|(?:하겠습니다|보겠습니다|할게요|볼게요|드리겠습니다|시작하겠습니다|해 보죠|보죠|하죠|봅시다|합시다)[.。!]?$",
    r"알려 ?주|원하시면|필요하시면|기다리|확인해 ?주|하시면|말씀해|(?:되었|됐|했|였|았|었)습니다|(?:정상|이상)입니다"
    r"|(?:작동|동작|가능|통과|필요|성공|완료|존재)합니다|(?:설치|설정|재시작|로그인|입력)해야 합니다",
)
_LATIN = (_GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN)
_OTHERS = (*_LATIN, _RUSSIAN, _CHINESE, _JAPANESE, _KOREAN)


def announces_action(sentence: str) -> bool:
    """Whether the sentence says that its speaker does something now, in any of ten languages."""
    if _ENGLISH.match(sentence):
        return True
    others = _LATIN if sentence.isascii() else _OTHERS
    return any(language.match(sentence) for language in others) and not _ENGLISH.leaves(sentence)
