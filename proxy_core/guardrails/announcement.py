"""Whether a sentence announces an action of the speaker's own, to be done now: "Let me read the file", "Voy a ...".

A condition or an offer ("once you confirm", "let me know") leaves the next step to the other side and is none.
"""

from __future__ import annotations

import re

_ENGLISH = re.compile(
    r"(?:^|[,;:—–-]\s*|\b(?:so|and|then|but|now|next|first|finally|also|okay|ok|good|great|right|alright"
    r"|well)\b,?\s+)"
    r"(?:let me\b(?! know)|let['’]?s\b|i['’]ll\b|i will\b|i['’]m (?:now )?(?:going to|about to)\b"
    r"|i am (?:now )?(?:going to|about to)\b|i (?:now |still |also |first )?(?:need|have|want) to\b"
    r"|i (?:should|must)\b"
    r"|we['’]ll\b|we (?:now |still )?need to\b|time to\b)"
    r"|^(?:now|next|first|then|finally)?,?\s*(?:continuing|proceeding|moving on|starting|beginning|resuming)\b"
    r"(?: with| to| by| on| from)?\b"
    r"|^(?:now|next|first|then),?\s+(?:i['’]m |we['’]re )?\w+ing\b"
    r"|^(?:now|next)\s+(?:to|for)\b",
    re.IGNORECASE,
)
_ENGLISH_NOT = re.compile(
    r"\b(?:if|once|when|whenever|after|unless|until|should|as soon as|in case) (?:you|your|we hear)\b|^if\b"
    r"|\blet (?:me|us) know\b|\bwait(?:ing)? for\b|\bready to\b|\b(?:happy|glad|able|available) to\b|\bfeel free\b"
    r"|\byour (?:approval|confirmation|go-ahead|decision|input|answer|reply|permission|review)\b"
    r"|\bif (?:needed|so|that|wanted)\b"
    r"|\bi(?:['’]ll| will) (?:wait|stop|leave|pause|hold|not|be happy|be glad|be here|let you|defer)\b"
    r"|\bi need (?:you|your)\b"
    r"|\bi (?:need|have|want) to (?:know|ask|note|mention|point out|say|stress|clarify|confirm with|hear)\b"
    r"|\bi should (?:note|mention|point out|say|add that|also note|also mention)\b|\blet['’]?s (?:say|discuss|talk)\b"
    r"|\bi must (?:admit|say|stress)\b|\bwould (?:you )?like\b|\bplease (?:confirm|tell|provide|let)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    # German
    r"\bich werde\b|\b(?:lass|lassen sie) (?:mich|uns)\b|\b(?:jetzt|nun|zuerst|zunächst|dann|als nächstes"
    r"|danach) \w+e ich\b"
    r"|\bich \w+e (?:jetzt|nun|zuerst|zunächst|als nächstes|erst)\b|\bich muss (?:jetzt|nun|noch|zuerst|erst)\b"
    # French
    r"|\bje vais\b|\b(?:laissez|laisse|permettez|permets)-moi\b|\bje dois (?:maintenant|d['’]abord|encore)\b"
    r"|\bmaintenant,? je\b|^(?:commençons|passons|voyons|examinons|regardons|vérifions|corrigeons"
    r"|lançons)\b|\bje m['’]apprête à\b"
    # Spanish
    r"|\bvoy a\b|\b(?:déjame|dejame|déjeme|permíteme|permítame)\b|^(?:ahora |primero,? |luego )?vamos a\b"
    r"|\bproced(?:o|eré) a\b"
    r"|\b(?:ahora|primero|a continuación|luego),? (?:\w+ré|necesito|debo|tengo que|ejecuto|reviso|corrijo|leo)\b"
    r"|\b\w+ré (?:ahora|primero)\b"
    # Portuguese
    r"|\b(?:agora |primeiro )?vou \w+[aei]r\b|\b(?:deixe|deixa)-me\b|\bdeixe eu\b|\birei \w+r\b"
    r"|^(?:agora,? )?vamos \w+[aei]r\b"
    r"|\bagora (?:preciso|devo)\b|\bpreciso (?:agora|primeiro)\b"
    # Italian
    r"|\b(?:ora|adesso|prima|poi) (?:devo|vado|procedo|eseguo|controllo|leggo|correggo|aggiorno|verifico"
    r"|aggiungo|\w+rò)\b"
    r"|\b(?:lasciami|fammi)\b(?! sapere)|\bsto per\b|\bprocedo (?:con|a)\b|\b\w+rò (?:ora|adesso|prima)\b"
    r"|^(?:ora |adesso )?(?:vediamo|controlliamo|verifichiamo|passiamo|eseguiamo)\b"
    # Russian
    r"|\b(?:сейчас|теперь|сначала|далее|затем|потом),? я\b|\bдавай(?:те)?\b|\bпозволь(?:те)? мне\b|\bдай(?:те)? мне\b"
    r"|^(?:сейчас|теперь|сначала|далее|затем)?,? ?(?:я )?(?:проверю|посмотрю|исправлю|запущу|добавлю|начну"
    r"|прочитаю|открою"
    r"|обновлю|создам|напишу|удалю|изучу|найду|выполню|внесу|заменю|просмотрю|продолжу|сделаю)\b"
    r"|\bя (?:сейчас|теперь|проверю|посмотрю|исправлю|запущу|добавлю|начну|прочитаю|открою|обновлю|создам"
    r"|напишу|удалю|изучу"
    r"|найду|выполню|внесу|заменю|буду)\b|\b(?:приступаю|перехожу) к\b|\bмне (?:нужно|надо)\b"
    # Chinese
    r"|让我|让我们|我(?:们)?(?:现在|接下来|马上|先|再)?(?:将|会|要|来|去|需要|准备|开始)|我(?:们)?先"
    r"|(?:现在|接下来|下面|首先|然后|下一步)[,，]?(?:我|让|来|开始|需要|要|将|去|就|执行|运行|修改|修复|检查|查看|更新|添加)"
    # Japanese
    r"|(?:次に|まず|これから|今から|続いて|それでは|では|さっそく).*(?:ます|ましょう|する|たい)[。．.!！]?$"
    r"|(?:確認|実行|修正|追加|更新|作成|変更|削除|調査|検索|チェック|読み|調べ|開き|見て|書き|直し)\w*(?:してみます|します|てみます|ていきます"
    r"|みます|ましょう|[みべきし]ます)[。．.!！]?$"
    # Korean
    r"|(?:이제|먼저|다음으로|우선|그럼|지금부터).*(?:겠습니다|게요|합니다|습니다|보자|하자)[.。!]?$"
    r"|(?:하겠습니다|보겠습니다|할게요|볼게요|드리겠습니다|시작하겠습니다)[.。!]?$",
    re.IGNORECASE,
)
_OTHERS_NOT = re.compile(
    r"\b(?:wenn|falls|sobald) (?:sie|du|ihr)\b|\bbescheid\b|\bwissen, (?:ob|wenn|falls)\b|\bwarte auf\b"
    r"|\bgern(?:e)?\b"
    r"|\bsi (?:vous|tu)\b|\bdès que vous\b|\bdites-moi\b|\bfaites-moi savoir\b|\bn['’]hésite|\battends\b"
    r"|\ben attente\b"
    r"|\bsi (?:quieres|desea|deseas|quiere|me|lo|prefieres|necesitas|necesita)\b|\bav[ií]s[ae]me\b"
    r"|\bespero\b|\buna vez que\b"
    r"|\bcuando (?:quieras|me|lo|usted)\b|\bdime\b"
    r"|\bse (?:você|quiser|desejar|preferir|precisar)\b|\bme avise\b|\bavise-me\b|\bassim que\b"
    r"|\baguard[oa]\b|\bquando você\b"
    r"|\bse (?:vuoi|vuole|desideri|preferisci)\b|\bfammi sapere\b|\bmi faccia\b|\bappena\b|\battendo\b"
    r"|\bin attesa\b|\bdimmi\b"
    r"|\bесли (?:вы|ты|хот|нужно|потребуется)|\bкак только\b|\bдайте знать\b|\bсообщи|\bжду\b|\bожидаю\b"
    r"|\bкогда вы\b|\bскажи"
    r"|如果(?:你|您|需要)|(?:你|您)(?:确认|同意|决定)|请(?:告诉|确认|告知|提供)|一旦|等待|等(?:你|您)|需要的话|随时|了[。.！!]?$"
    r"|ください|お知らせ|よろしければ|必要(?:であれば|なら)|お待ち|ご希望|ご確認|もし|場合は"
    r"|알려 ?주|원하시면|필요하시면|기다리|확인해 ?주|하시면|말씀해",
    re.IGNORECASE,
)


def announces_action(sentence: str) -> bool:
    """Whether the sentence says that its speaker does something now, in any of eleven languages."""
    if _ENGLISH.search(sentence) and not _ENGLISH_NOT.search(sentence):
        return True
    return bool(_OTHERS.search(sentence)) and not _OTHERS_NOT.search(sentence) and not _ENGLISH_NOT.search(sentence)
